<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** A person who can be signed in. */
final class User
{
    /** @internal */
    public function __construct(
        /** The number. */
        public readonly int $userId,
        /** The address; `null` once erased. */
        public readonly ?string $email,
        /** First name. */
        public readonly string $firstName,
        /** Last name. */
        public readonly string $lastName,
        /** Whether the user may sign in at all. */
        public readonly bool $enabled,
        /** When the user was added. */
        public readonly DateTimeImmutable $createdAt,
        /** When the personal data was erased. */
        public readonly ?DateTimeImmutable $erasedAt,
        /** @var list<Place> The clients that the user has a place in. */
        public readonly array $clients,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('user_id'),
            $row->textOrNull('email'),
            $row->text('first_name'),
            $row->text('last_name'),
            $row->bool('enabled'),
            $row->time('created_at'),
            $row->timeOrNull('erased_at'),
            $row->each('clients', Place::fromRow(...)),
        );
    }
}
