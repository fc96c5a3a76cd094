<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** Something was used after it was closed. */
final class Closed extends \LogicException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(string $what)
    {
        parent::__construct("this $what was closed", 1003);
        $this->codeName = 'invalid_handle';
    }
}
