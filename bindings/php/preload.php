<?php

/*
 * For `opcache.preload`: compiles the package's classes when PHP starts, so that they alone may use FFI where
 * `ffi.enable=preload` closes it to scripts. From a preload script of your own: `require` this file.
 */

declare(strict_types=1);

(static function (): void {
    $files = new RecursiveIteratorIterator(
        new RecursiveDirectoryIterator(__DIR__ . '/src', FilesystemIterator::SKIP_DOTS),
    );
    foreach ($files as $file) {
        if ($file->getExtension() === 'php') {
            // Compiling alone runs nothing, and PHP links what belongs together whatever the order.
            opcache_compile_file($file->getPathname());
        }
    }
})();
