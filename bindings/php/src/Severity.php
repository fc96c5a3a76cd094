<?php

declare(strict_types=1);

namespace Gatepass;

/** How bad a finding is. */
enum Severity: string
{
    /** One that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** As it should be. */
    case Good = 'good';
    /** Works, but look at it. */
    case Warning = 'warning';
    /** Must be mended. */
    case Bad = 'bad';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
