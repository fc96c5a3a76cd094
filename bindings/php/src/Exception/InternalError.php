<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** A fault of the library or of the system it runs on. Treat it as "no" and please report it. */
final class InternalError extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(string $message, int $code = 4001, string $codeName = 'internal')
    {
        parent::__construct($message, $code);
        $this->codeName = $codeName;
    }
}
