<?php

// Where the sign-in links of e-mails lead.

declare(strict_types=1);

(require dirname(__DIR__) . '/endpoints.php')('signin.php');
