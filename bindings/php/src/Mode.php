<?php

declare(strict_types=1);

namespace Gatepass;

/** Where users and clients live. Chosen when a store is made, never changed. */
enum Mode: string
{
    /** In the store: ids must exist there and are checked at every step. */
    case Managed = 'managed';
    /** In the application's database: ids are stored as given, and the application checks them. */
    case Host = 'host';

    /** @internal The number in `gatepass.h`. */
    public function number(): int
    {
        return match ($this) {
            self::Managed => 1,
            self::Host => 2,
        };
    }
}
