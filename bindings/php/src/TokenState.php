<?php

declare(strict_types=1);

namespace Gatepass;

/** Where a token stands. */
enum TokenState: string
{
    /** A state that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** It could be redeemed now, as far as the token itself goes. */
    case Live = 'live';
    /** It was redeemed. */
    case Redeemed = 'redeemed';
    /** It was revoked. */
    case Revoked = 'revoked';
    /** Its life is over. */
    case Expired = 'expired';
    /** It lies in the future: the clock was set back. */
    case NotYetValid = 'not_yet_valid';
    /** The credential that issued it was revoked, has expired or is disabled. */
    case CredentialVoid = 'credential_void';

    /** @internal From the number in `gatepass.h`. */
    public static function fromNumber(int $number): self
    {
        return match ($number) {
            1 => self::Live,
            2 => self::Redeemed,
            3 => self::Revoked,
            4 => self::Expired,
            5 => self::NotYetValid,
            6 => self::CredentialVoid,
            default => self::Unknown,
        };
    }

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
