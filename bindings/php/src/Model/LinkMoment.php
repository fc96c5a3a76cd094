<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** What happened to the sign-in links of one mailing in one hour or day. */
final class LinkMoment
{
    /** @internal */
    public function __construct(
        /** When it began. */
        public readonly DateTimeImmutable $at,
        /** Links made. */
        public readonly int $created,
        /** Uses. */
        public readonly int $openings,
        /** Links whose life ended unused. */
        public readonly int $expired,
        /** Links ended before their time. */
        public readonly int $ended,
        /** Visits and attempts refused. */
        public readonly int $refused,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->time('at'),
            $row->int('created'),
            $row->int('openings'),
            $row->int('expired'),
            $row->int('ended'),
            $row->int('refused'),
        );
    }
}
