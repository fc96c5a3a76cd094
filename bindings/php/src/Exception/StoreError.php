<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** The store could not answer. Treat it as "no". */
final class StoreError extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(
        string $message,
        int $code,
        string $codeName,
        /** Whether the same call may succeed a moment later without anybody's doing. */
        public readonly bool $retryable,
    ) {
        parent::__construct($message, $code);
        $this->codeName = $codeName;
    }
}
