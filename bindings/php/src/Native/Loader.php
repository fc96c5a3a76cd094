<?php

declare(strict_types=1);

namespace Gatepass\Native;

use FFI;
use Gatepass\Exception\FfiClosed;
use Gatepass\Exception\LibraryMismatch;
use Gatepass\Exception\LibraryNotFound;

/**
 * Finds the shared library, checks its version and declares its functions.
 *
 * @internal
 */
final class Loader
{
    /** The interface that this package speaks. */
    public const ABI_VERSION = 1;
    public const ABI_REVISION = 0;

    /** What `bin/gatepass-ffi-header` writes as FFI_SCOPE. */
    public const SCOPE = 'GATEPASS';

    /** Enough to ask for the version: a declaration that a library lacks makes the whole declaration fail. */
    private const FIRST = 'int32_t gatepass_abi_version(void); int32_t gatepass_abi_revision(void);';

    /** The header that belongs to this package. */
    public static function header(): string
    {
        return dirname(__DIR__, 2) . '/include/gatepass.h';
    }

    public static function load(): FFI
    {
        if (!extension_loaded('ffi')) {
            throw new FfiClosed('Gatepass needs PHP\'s extension "ffi": install it, or set extension=ffi in php.ini.');
        }
        return self::declaredByPreload() ?? self::declare(self::find(self::candidates()));
    }

    /** What `ffi.preload` declared when PHP was started, if it did. */
    private static function declaredByPreload(): ?FFI
    {
        try {
            $ffi = FFI::scope(self::SCOPE);
        } catch (FFI\Exception $exception) {
            self::complainIfClosed($exception);
            return null;
        }
        try {
            self::checkVersion($ffi, 'the library in ffi.preload');
            [$version, $revision] = [$ffi->GATEPASS_ABI_VERSION, $ffi->GATEPASS_ABI_REVISION];
        } catch (FFI\Exception) {
            // It does not declare even these.
            [$version, $revision] = [0, 0];
        }
        if ($version !== self::ABI_VERSION || $revision < self::ABI_REVISION) {
            throw new LibraryMismatch(
                'the header in ffi.preload belongs to another release of this package: write it anew with '
                . 'bin/gatepass-ffi-header and restart PHP',
            );
        }
        return $ffi;
    }

    /**
     * The first of these that can be loaded.
     *
     * @param list<string> $candidates
     */
    public static function find(array $candidates): string
    {
        $tried = [];
        foreach ($candidates as $candidate) {
            try {
                $ffi = FFI::cdef(self::FIRST, $candidate);
            } catch (FFI\Exception $exception) {
                self::complainIfClosed($exception);
                $tried[$candidate] = self::why($candidate, $exception);
                continue;
            }
            self::checkVersion($ffi, $candidate);
            return $candidate;
        }
        throw new LibraryNotFound($tried);
    }

    /**
     * Where the library may be, best first. A name without a folder is looked up by the system's loader.
     *
     * @return list<string>
     */
    public static function candidates(): array
    {
        $named = getenv('GATEPASS_LIBRARY');
        if (is_string($named) && $named !== '') {
            // Who names one wants that one: another in its place would hide the mistake.
            return [$named];
        }
        [$file, $system] = PHP_OS_FAMILY === 'Darwin'
            ? ['libgatepass.dylib', 'libgatepass.1.dylib']
            : ['libgatepass.so', 'libgatepass.so.1'];
        $package = dirname(__DIR__, 2);
        $candidates = ["$package/lib/$file"];
        $checkout = dirname($package, 2);
        if (is_file("$checkout/bindings/c/Cargo.toml")) {
            $candidates[] = "$checkout/target/release/$file";
        }
        $candidates[] = $system;
        return $candidates;
    }

    /** Where a library that was loaded lies: `ffi.preload` is read before anybody knows the working directory. */
    public static function absolute(string $library): string
    {
        if (str_contains($library, '/')) {
            return realpath($library) ?: $library;
        }
        // Only the system's loader knows where it looked.
        $maps = (string) @file_get_contents('/proc/self/maps');
        preg_match('~ (/.*/' . preg_quote($library, '~') . '\S*)$~m', $maps, $found);
        return $found[1] ?? $library;
    }

    private static function declare(string $library): FFI
    {
        $header = @file_get_contents(self::header());
        if ($header === false) {
            $why = ini_get('open_basedir') ? ': set ffi.preload, which is read before open_basedir counts' : '';
            throw new LibraryMismatch('the package\'s header ' . self::header() . " can not be read$why");
        }
        try {
            return FFI::cdef($header, $library);
        } catch (FFI\Exception $exception) {
            throw new LibraryMismatch("$library does not fit this package's header: {$exception->getMessage()}");
        }
    }

    private static function checkVersion(FFI $ffi, string $what): void
    {
        [$version, $revision] = [$ffi->gatepass_abi_version(), $ffi->gatepass_abi_revision()];
        if ($version !== self::ABI_VERSION || $revision < self::ABI_REVISION) {
            throw new LibraryMismatch(sprintf(
                '%s has the interface %d.%d, this package needs %d.%d: install the library and the package of the same '
                . 'release, and restart PHP',
                $what,
                $version,
                $revision,
                self::ABI_VERSION,
                self::ABI_REVISION,
            ));
        }
    }

    /** PHP says no more than "Failed loading". */
    private static function why(string $candidate, FFI\Exception $exception): string
    {
        if (!str_contains($candidate, '/')) {
            return 'not known to the system\'s loader';
        }
        if (!str_starts_with($exception->getMessage(), 'Failed loading')) {
            return 'is no libgatepass: ' . $exception->getMessage();
        }
        if (!@file_exists($candidate)) {
            return 'not there';
        }
        return 'is there, but can not be loaded: no permission, another architecture, or not a library '
            . '(`ldd` and `file` tell)';
    }

    private static function complainIfClosed(FFI\Exception $exception): void
    {
        if (!str_contains($exception->getMessage(), 'ffi.enable')) {
            return;
        }
        $preload = dirname(__DIR__, 2) . '/preload.php';
        throw new FfiClosed(match (strtolower((string) ini_get('ffi.enable'))) {
            'preload' => "PHP lets only preloaded classes use FFI here (ffi.enable=preload). Set in php.ini: "
                . "opcache.enable=1, opcache.preload=$preload, opcache.preload_user=<the pool's user>, and "
                . "ffi.preload=<the file that bin/gatepass-ffi-header wrote>; then restart PHP. See docs/php-fpm.md.",
            default => 'PHP\'s FFI is switched off (ffi.enable=0). Set ffi.enable=preload in php.ini, and '
                . "opcache.preload=$preload for web requests; then restart PHP. See docs/php-fpm.md.",
        });
    }
}
