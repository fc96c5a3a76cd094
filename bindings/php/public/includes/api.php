<?php

// The WHMCS-compatible API.

declare(strict_types=1);

(require dirname(__DIR__, 2) . '/endpoints.php')('includes/api.php');
