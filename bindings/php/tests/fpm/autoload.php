<?php

// For a PHP that preloads nothing: the classes as Composer would load them.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    require dirname(__DIR__) . '/package/src/' . str_replace('\\', '/', substr($class, strlen('Gatepass\\'))) . '.php';
});
require __DIR__ . '/handoff.php';
