<?php

declare(strict_types=1);

// The package's own classes, as Composer would load them, and the helpers of the tests.
spl_autoload_register(static function (string $class): void {
    foreach (['Gatepass\\Tests\\' => __DIR__, 'Gatepass\\' => dirname(__DIR__) . '/src'] as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
            return;
        }
    }
});
