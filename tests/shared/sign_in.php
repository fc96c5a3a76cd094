<?php

// What the other programs of this test do too: `issue` tells a token, `redeem TOKEN` how that ended.

declare(strict_types=1);

use Gatepass\Exception\GatepassException;
use Gatepass\Gatepass;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

[, $store, $act] = $argv;
try {
    $gate = Gatepass::open($store);
    // A kept store is found again by its URL.
    $gate = Gatepass::open($store);
    if ($act === 'issue') {
        echo $gate->issue($gate->caller("cli"), clientId: 1)->token(), "\n";
    } else {
        $gate->redeem($argv[3]);
        echo "ok\n";
    }
} catch (GatepassException $error) {
    if (str_contains((string) $error, 'hunter2')) {
        throw new LogicException('the password is told');
    }
    echo $error->codeName(), "\n";
}
