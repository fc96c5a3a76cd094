<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** Folders for tests, which leave nothing behind. */
final class Folder
{
    public static function make(): string
    {
        $folder = sys_get_temp_dir() . '/gatepass-php-' . bin2hex(random_bytes(6));
        mkdir($folder, 0700);
        return $folder;
    }

    public static function remove(string $folder): void
    {
        $files = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::CHILD_FIRST,
        );
        foreach ($files as $file) {
            if ($file->isDir() && !$file->isLink()) {
                rmdir($file->getPathname());
            } else {
                unlink($file->getPathname());
            }
        }
        rmdir($folder);
    }
}
