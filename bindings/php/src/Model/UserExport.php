<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** Everything that is stored about a user. */
final class UserExport
{
    /** @internal */
    public function __construct(
        /** The user. */
        public readonly User $user,
        /** @var list<Session> The sessions that are still stored, those that are over too. */
        public readonly array $sessions,
        /** @var list<Token> The tokens that are still stored. */
        public readonly array $tokens,
        /** @var list<LinkInspection> The sign-in links that are still stored. */
        public readonly array $links,
        /** @var list<AuditEvent> The audit events that are still stored. */
        public readonly array $events,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            User::fromRow($row->row('user')),
            $row->each('sessions', Session::fromRow(...)),
            $row->each('tokens', Token::fromRow(...)),
            $row->each('links', LinkInspection::fromRow(...)),
            $row->each('events', AuditEvent::fromRow(...)),
        );
    }
}
