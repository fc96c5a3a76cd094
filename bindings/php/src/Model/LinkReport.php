<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** What became of sign-in links. */
final class LinkReport
{
    /** @internal */
    public function __construct(
        /** From this time, the start of a step, */
        public readonly DateTimeImmutable $from,
        /** to this. */
        public readonly DateTimeImmutable $to,
        /** How long a step of `overTime` is: an hour or a day of UTC. */
        public readonly int $stepSeconds,
        /** @var list<LinkReportRow> One per mailing, in the order of their names; links without a label come first. */
        public readonly array $labels,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->time('from'),
            $row->time('to'),
            $row->int('step_seconds'),
            $row->each('labels', LinkReportRow::fromRow(...)),
        );
    }
}
