<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** Whether AutoAuth links are accepted. */
final class AutoAuthSwitch
{
    /** @internal */
    public function __construct(
        /** Whether they are. */
        public readonly bool $enabled,
        /** How many stored keys are not retired. */
        public readonly int $activeKeys,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->bool('enabled'),
            $row->int('active_keys'),
        );
    }
}
