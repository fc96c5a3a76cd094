<?php

declare(strict_types=1);

namespace Gatepass;

use Gatepass\Native\NotCopied;

/**
 * A text that must not show in a log: a token, a secret, a session id.
 *
 * It stands in no property, so that no dump, export, cast or encoding of an object that holds one shows it.
 *
 * @internal Value objects hold their secrets in it and give them out by methods.
 */
final class Secret
{
    use NotCopied;

    /** @var ?\WeakMap<self, string> */
    private static ?\WeakMap $texts = null;

    public function __construct(#[\SensitiveParameter] string $text)
    {
        self::$texts ??= new \WeakMap();
        self::$texts[$this] = $text;
    }

    public function reveal(): string
    {
        return self::$texts[$this];
    }
}
