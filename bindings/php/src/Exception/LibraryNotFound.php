<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** The shared library could not be loaded. The message lists every place that was tried and why it did not do. */
final class LibraryNotFound extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /**
     * @param array<string, string> $tried Each place and what was wrong with it.
     *
     * @internal Thrown, not made by callers.
     */
    public function __construct(public readonly array $tried)
    {
        $lines = array_map(static fn ($place, $why) => "  $place: $why", array_keys($tried), $tried);
        parent::__construct(
            "libgatepass was not found. Put it into the package's folder lib/, or name it in the environment variable "
            . "GATEPASS_LIBRARY. Tried:\n" . implode("\n", $lines),
        );
        $this->codeName = 'library_not_found';
    }
}
