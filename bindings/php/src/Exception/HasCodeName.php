<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** The word beside the number, which `\Exception` has no place for. */
trait HasCodeName
{
    private string $codeName = '';

    public function codeName(): string
    {
        return $this->codeName;
    }
}
