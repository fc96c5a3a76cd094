<?php

// The classes of the PHP package in this checkout.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Gatepass\\')) {
        $file = strtr(substr($class, strlen('Gatepass\\')), '\\', '/');
        require __DIR__ . "/../../../bindings/php/src/$file.php";
    }
});
