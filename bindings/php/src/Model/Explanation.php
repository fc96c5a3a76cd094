<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** The whole story of a token. */
final class Explanation
{
    /** @internal */
    public function __construct(
        /** What the token says now. */
        public readonly Token $token,
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
            Token::fromRow($row->row('token')),
            $row->items('story'),
            $row->each('events', AuditEvent::fromRow(...)),
        );
    }
}
