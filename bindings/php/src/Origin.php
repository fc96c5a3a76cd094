<?php

declare(strict_types=1);

namespace Gatepass;

/** How a session began. */
enum Origin: string
{
    /** A way that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** An SSO token was redeemed. */
    case Token = 'token';
    /** An AutoAuth link was accepted. */
    case AutoAuth = 'auto_auth';

    /** @internal From the number in `gatepass.h`. */
    public static function fromNumber(int $number): self
    {
        return match ($number) {
            1 => self::Token,
            2 => self::AutoAuth,
            default => self::Unknown,
        };
    }

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
