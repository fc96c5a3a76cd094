<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** PHP does not let this package call the library. The message says what to set. */
final class FfiClosed extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(string $message)
    {
        parent::__construct($message);
        $this->codeName = 'ffi_closed';
    }
}
