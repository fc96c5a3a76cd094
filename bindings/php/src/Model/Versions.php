<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Library;

/** What was loaded. */
final class Versions
{
    private function __construct(
        /** The release of the library, such as `0.1.0`. */
        public readonly string $library,
        /** The SQLite in it, such as `3.51.0`. */
        public readonly string $sqlite,
        /** The number of its interface. */
        public readonly int $abiVersion,
        /** What was added to that interface. */
        public readonly int $abiRevision,
    ) {
    }

    /** Of the library that this process uses. */
    public static function get(): self
    {
        $library = Library::get();
        return new self(
            $library->text('gatepass_version') ?? '',
            $library->text('gatepass_sqlite_version') ?? '',
            $library->number('gatepass_abi_version'),
            $library->number('gatepass_abi_revision'),
        );
    }
}
