<?php

// Where a browser brings its SSO token.

declare(strict_types=1);

(require dirname(__DIR__, 2) . '/endpoints.php')('oauth/singlesignon.php');
