<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** The library, or the header in `ffi.preload`, is of another version than this package can speak to. */
final class LibraryMismatch extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(string $message)
    {
        parent::__construct($message);
        $this->codeName = 'library_mismatch';
    }
}
