<?php

declare(strict_types=1);

namespace Gatepass;

/** Where a sign-in link stands. */
enum LinkState: string
{
    /** A state that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** It could be opened now, as far as the link itself goes. */
    case Live = 'live';
    /** All its uses are spent. */
    case Used = 'used';
    /** It was revoked. */
    case Revoked = 'revoked';
    /** Another one of its label and person was used. */
    case Superseded = 'superseded';
    /** The person's e-mail address or password was changed. */
    case Outdated = 'outdated';
    /** Its life is over. */
    case Expired = 'expired';
    /** It lies in the future: the clock was set back. */
    case NotYetValid = 'not_yet_valid';
    /** The credential that made it was revoked, has expired or is disabled, or may no longer lead there. */
    case CredentialVoid = 'credential_void';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
