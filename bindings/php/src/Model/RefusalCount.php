<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;
use Gatepass\Reason;

/** How often something was refused for one reason. */
final class RefusalCount
{
    /** @internal */
    public function __construct(
        /** Why. */
        public readonly Reason $reason,
        /** How often. */
        public readonly int $count,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(Reason::fromName($row->text('reason')), $row->int('count'));
    }
}
