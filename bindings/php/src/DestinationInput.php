<?php

declare(strict_types=1);

namespace Gatepass;

/** What a destination needs from the caller. */
enum DestinationInput: string
{
    /** One that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** Nothing. */
    case None = 'none';
    /** A service id. */
    case Service = 'service';
    /** A domain id. */
    case Domain = 'domain';
    /** A redirect path. Only `sso:custom_redirect` has it. */
    case Path = 'path';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
