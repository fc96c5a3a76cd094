<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use FFI;
use FFI\CData;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;

/** Goes around the package, to call the library in ways that the package never does. */
final class Raw
{
    public static function ffi(): FFI
    {
        Library::get();
        return (new \ReflectionProperty(Library::class, 'ffi'))->getValue();
    }

    /** The handle inside one of the package's objects. */
    public static function handle(object $object, string $property): Handle
    {
        return (new \ReflectionProperty($object, $property))->getValue($object);
    }

    /** The same address under another type. */
    public static function cast(string $type, CData $pointer): CData
    {
        return self::ffi()->cast("gatepass_$type*", $pointer);
    }

    public static function none(string $type): CData
    {
        return self::ffi()->new("gatepass_$type*");
    }

    /** A handle that nobody frees. */
    public static function leak(Handle $handle): void
    {
        (new \ReflectionProperty(Handle::class, 'pointer'))->setValue($handle, null);
    }
}
