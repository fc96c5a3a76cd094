<?php

declare(strict_types=1);

namespace Gatepass;

/** When a sign-in page asks before it signs somebody in. */
enum Confirm: string
{
    /** One that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** When the browser holds a session of somebody else. */
    case OtherUser = 'other_user';
    /** Each time. */
    case Always = 'always';

    /** @internal */
    public static function fromName(?string $name): ?self
    {
        return $name === null ? null : self::tryFrom($name) ?? self::Unknown;
    }
}
