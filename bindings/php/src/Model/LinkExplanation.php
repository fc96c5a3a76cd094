<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** The whole story of a sign-in link. */
final class LinkExplanation
{
    /** @internal */
    public function __construct(
        /** What the link says now. */
        public readonly LinkInspection $link,
        /** @var list<string> The story in plain words, in the order of time. */
        public readonly array $story,
        /** @var list<AuditEvent> The audit events about it. */
        public readonly array $events,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            LinkInspection::fromRow($row->row('link')),
            $row->items('story'),
            $row->each('events', AuditEvent::fromRow(...)),
        );
    }
}
