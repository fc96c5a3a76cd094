<?php

// Who still uses the old links, on the command line, as PHP's user: php report.php [DAYS]

declare(strict_types=1);

use Gatepass\Gatepass;
use GatepassWhmcs\Config;
use GatepassWhmcs\Report;

if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}
require __DIR__ . '/classes/load.php';

$days = $argv[1] ?? '30';
if ($argc > 2 || preg_match('/\A[1-9][0-9]{0,3}\z/', $days) !== 1) {
    fwrite(STDERR, "usage: php report.php [DAYS]\n");
    exit(2);
}
try {
    $config = Config::read(__DIR__ . '/config.php', dirname(__DIR__));
    echo Report::of(Gatepass::open($config->store, kept: false)->autoAuth()->report((int) $days));
} catch (\Throwable $error) {
    fwrite(STDERR, 'report: ' . $error->getMessage() . "\n");
    exit(1);
}
