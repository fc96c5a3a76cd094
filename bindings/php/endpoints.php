<?php

/*
 * What the scripts in `public/` share: the package's classes and the front controller. It stands outside of the
 * document root.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
    if (str_starts_with($class, 'Gatepass\\') && is_file($file)) {
        require $file;
    }
});

return Gatepass\Web\FrontController::run(...);
