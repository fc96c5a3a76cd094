<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;
use Gatepass\Severity;

/** One line of a check. */
final class Finding
{
    /** @internal */
    public function __construct(
        /**
         * What was looked at: `integrity`, `schema`, `permissions`, `identity`, `clock`, `sealed_keys`, or a setting's
         * name.
         */
        public readonly string $subject,
        /** How bad it is. */
        public readonly Severity $severity,
        /** What was found. */
        public readonly string $message,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('subject'),
            Severity::fromName($row->text('severity')),
            $row->text('message'),
        );
    }
}
