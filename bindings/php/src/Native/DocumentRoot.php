<?php

declare(strict_types=1);

namespace Gatepass\Native;

use Gatepass\Exception\StoreInDocumentRoot;

/**
 * Keeps stores and sealing keys out of what the web server gives to anybody.
 *
 * @internal
 */
final class DocumentRoot
{
    /** Refuse a file that lies inside the document root of the request that is answered. */
    public static function refuse(string $file): void
    {
        $root = $_SERVER['DOCUMENT_ROOT'] ?? '';
        if (!is_string($root) || $root === '' || in_array(PHP_SAPI, ['cli', 'phpdbg', 'embed'], true)) {
            return;
        }
        // PHP's functions throw at a NUL, and the library says what is wrong with such a path. The URL of a shared
        // store lies nowhere.
        if (!str_contains($file, "\0") && !str_starts_with($file, 'mysql://')) {
            self::refuseInside($root, $file);
        }
    }

    /** By its path as given or with links resolved. */
    public static function refuseInside(string $root, string $file): void
    {
        $roots = array_filter([self::plain($root), @realpath($root)]);
        // Through a link inside the root the server would give the file too, and the store may not be there yet.
        $folder = @realpath(dirname($file));
        $resolved = $folder === false ? false : $folder . '/' . basename($file);
        $places = array_filter([self::plain($file), @realpath($file), $resolved]);
        foreach ($roots as $root) {
            foreach ($places as $place) {
                if (str_starts_with($place, rtrim($root, '/') . '/')) {
                    throw new StoreInDocumentRoot($place, $root);
                }
            }
        }
    }

    /** An absolute path without `.`, `..` and doubled slashes, links left as they are. */
    private static function plain(string $path): string
    {
        $absolute = str_starts_with($path, '/') ? $path : getcwd() . '/' . $path;
        $parts = [];
        foreach (explode('/', $absolute) as $part) {
            if ($part === '..') {
                array_pop($parts);
            } elseif ($part !== '' && $part !== '.') {
                $parts[] = $part;
            }
        }
        return '/' . implode('/', $parts);
    }
}
