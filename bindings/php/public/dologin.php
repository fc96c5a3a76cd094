<?php

// Where old AutoAuth links lead.

declare(strict_types=1);

(require dirname(__DIR__) . '/endpoints.php')('dologin.php');
