<?php

// The classes of this folder, for the page and the report.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'GatepassWhmcs\\')) {
        $file = __DIR__ . '/' . substr($class, strlen('GatepassWhmcs\\')) . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
