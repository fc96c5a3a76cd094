<?php

// A store beside this script would be anybody's to download.

declare(strict_types=1);

try {
    Gatepass\Gatepass::init(__DIR__ . '/gatepass.db', Gatepass\Mode::Managed, 'https://billing.example.com');
    echo json_encode(['init' => 'made']);
} catch (Throwable $error) {
    echo json_encode(['init' => $error::class]);
}
