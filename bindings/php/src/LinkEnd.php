<?php

declare(strict_types=1);

namespace Gatepass;

/** Why a sign-in link ended before its time. */
enum LinkEnd: string
{
    /** A reason that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** It was revoked. */
    case Revoked = 'revoked';
    /** Another link of its label and person was used. */
    case Superseded = 'superseded';
    /** The person's e-mail address was changed. */
    case EmailChanged = 'email_changed';
    /** The person's password was changed. */
    case PasswordChanged = 'password_changed';

    /** @internal */
    public static function fromName(?string $name): ?self
    {
        return $name === null ? null : self::tryFrom($name) ?? self::Unknown;
    }
}
