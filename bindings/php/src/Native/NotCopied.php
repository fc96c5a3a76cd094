<?php

declare(strict_types=1);

namespace Gatepass\Native;

/**
 * For objects that stand for something in this process, or hold a secret: they are neither cloned nor serialised.
 *
 * @internal
 */
trait NotCopied
{
    public function __clone()
    {
        throw new \LogicException(self::class . ' can not be cloned');
    }

    public function __serialize(): array
    {
        throw new \LogicException(self::class . ' can not be serialised');
    }

    public function __unserialize(array $data): void
    {
        throw new \LogicException(self::class . ' can not be unserialised');
    }
}
