<?php

// Redeems the tokens of its standard input as they come, and says what came of each.

declare(strict_types=1);

use Gatepass\Exception\Refused;
use Gatepass\Exception\StoreError;
use Gatepass\Gatepass;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

$gate = Gatepass::open($argv[1]);
echo "ready\n";
while (($token = fgets(STDIN)) !== false) {
    try {
        $gate->redeem(trim($token));
        echo "ok\n";
    } catch (StoreError $error) {
        echo 'StoreError ', $error->codeName(), $error->retryable ? ' retryable' : '', "\n";
    } catch (Refused $error) {
        echo 'Refused ', $error->codeName(), "\n";
    }
}
