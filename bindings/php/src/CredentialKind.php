<?php

declare(strict_types=1);

namespace Gatepass;

/** What a credential is. */
enum CredentialKind: string
{
    /** One that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** With an identifier and a secret. */
    case Api = 'api';
    /** A registered name without a secret, for code in the same process. */
    case Host = 'host';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
