<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** What became of the sign-in links of one mailing. */
final class LinkReportRow
{
    /** @internal */
    public function __construct(
        /** The mailing; `null`: links without a label. */
        public readonly ?string $label,
        /** Links that were made. */
        public readonly int $created,
        /** Links that were used for the first time. */
        public readonly int $opened,
        /** Uses, the first ones included: as many tokens were minted. */
        public readonly int $openings,
        /** Links whose life ended before they were used at all. */
        public readonly int $expired,
        /** Links that can be used now. */
        public readonly int $live,
        /** Links that were revoked while they could be used. */
        public readonly int $revoked,
        /** Links that ended because another one of their label and person was used. */
        public readonly int $superseded,
        /** Links that ended because the person's e-mail address or password was changed. */
        public readonly int $outdated,
        /** @var list<RefusalCount> Visits to links and attempts to open them that were refused. */
        public readonly array $refused,
        /** @var list<RefusalCount> Attempts to make a link that were refused. */
        public readonly array $notCreated,
        /** @var list<LinkMoment> The same by hours or days; those in which nothing happened are left out. */
        public readonly array $overTime,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->textOrNull('label'),
            $row->int('created'),
            $row->int('opened'),
            $row->int('openings'),
            $row->int('expired'),
            $row->int('live'),
            $row->int('revoked'),
            $row->int('superseded'),
            $row->int('outdated'),
            $row->each('refused', RefusalCount::fromRow(...)),
            $row->each('not_created', RefusalCount::fromRow(...)),
            $row->each('over_time', LinkMoment::fromRow(...)),
        );
    }
}
