<?php

// Signs out.

declare(strict_types=1);

(require dirname(__DIR__) . '/endpoints.php')('logout.php');
