<?php

declare(strict_types=1);

namespace Gatepass\Native;

use FFI\CData;
use Gatepass\Exception\Closed;

/**
 * Owns one handle of the library and frees it when the last variable that holds it goes.
 *
 * @internal
 */
final class Handle
{
    use NotCopied;

    /** @param string $free The function that ends the handle. */
    public function __construct(
        private readonly Library $library,
        private ?CData $pointer,
        private readonly string $what,
        private readonly string $free,
    ) {
    }

    public function pointer(): CData
    {
        return $this->pointer ?? throw new Closed($this->what);
    }

    public function isOpen(): bool
    {
        return $this->pointer !== null;
    }

    /** Once or twice, that is the same. In the child of a fork there is nothing to free, which is fine too. */
    public function free(): void
    {
        if ($this->pointer !== null) {
            $this->library->free($this->free, $this->pointer);
            $this->pointer = null;
        }
    }

    public function __destruct()
    {
        $this->free();
    }

    public function __debugInfo(): array
    {
        return ['what' => $this->what, 'open' => $this->isOpen()];
    }
}
