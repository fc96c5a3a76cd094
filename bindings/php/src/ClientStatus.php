<?php

declare(strict_types=1);

namespace Gatepass;

/** A client's standing with the business. */
enum ClientStatus: string
{
    /** One that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** In good standing. */
    case Active = 'Active';
    /** Without active services; may still sign in. */
    case Inactive = 'Inactive';
    /** Closed; may not sign in. */
    case Closed = 'Closed';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
