<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\ClientStatus;
use Gatepass\Native\Row;

/** An account that people are signed in to. */
final class Client
{
    /** @internal */
    public function __construct(
        /** The number. */
        public readonly int $clientId,
        /** The account's address. */
        public readonly string $email,
        /** First name. */
        public readonly string $firstName,
        /** Last name. */
        public readonly string $lastName,
        /** Company name. */
        public readonly string $companyName,
        /** Standing. */
        public readonly ClientStatus $status,
        /** The client's own switch for single sign-on. */
        public readonly bool $allowSso,
        /** The host's group number, 0 for none. */
        public readonly int $groupId,
        /** When the client was added. */
        public readonly DateTimeImmutable $createdAt,
        /** @var list<Member> Who has a place in it; one is the owner. */
        public readonly array $members,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('client_id'),
            $row->text('email'),
            $row->text('first_name'),
            $row->text('last_name'),
            $row->text('company_name'),
            ClientStatus::fromName($row->text('status')),
            $row->bool('allow_sso'),
            $row->int('group_id'),
            $row->time('created_at'),
            $row->each('members', Member::fromRow(...)),
        );
    }
}
