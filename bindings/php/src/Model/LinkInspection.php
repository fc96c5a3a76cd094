<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\LinkEnd;
use Gatepass\LinkState;
use Gatepass\Native\Row;
use Gatepass\Reason;

/** A sign-in link as an operator, or a page that must not use it, sees it. */
final class LinkInspection
{
    /** @internal */
    public function __construct(
        /** Its public name: 24 hex characters. No secret. */
        public readonly string $reference,
        /** Where it stands. */
        public readonly LinkState $state,
        /** Why it would be refused now, as far as it was looked for. */
        public readonly ?Reason $refusal,
        /** Whom it signs in. */
        public readonly ?int $userId,
        /** Into which client. */
        public readonly ?int $clientId,
        /** The name of the landing page. */
        public readonly ?string $destination,
        /** The relative path of the landing page. */
        public readonly string $landing,
        /** What waits there, in words for the person. */
        public readonly ?string $title,
        /** The mailing. */
        public readonly ?string $label,
        /** The credential that made it. */
        public readonly int $credentialId,
        /** On whose behalf it was made. */
        public readonly ?string $actor,
        /** When it was made. */
        public readonly DateTimeImmutable $createdAt,
        /** When its life ends. */
        public readonly DateTimeImmutable $expiresAt,
        /** How often it may be used. */
        public readonly int $uses,
        /** How often it was. */
        public readonly int $used,
        /** When it was used for the first time. */
        public readonly ?DateTimeImmutable $firstOpenedAt,
        /** When it was used last. */
        public readonly ?DateTimeImmutable $lastOpenedAt,
        /** Whether its use ends the others of its label and person. */
        public readonly bool $endSiblings,
        /** When it was ended before its time. */
        public readonly ?DateTimeImmutable $endedAt,
        /** Why. */
        public readonly ?LinkEnd $endedBy,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('link'),
            LinkState::fromName($row->text('state')),
            ($name = $row->textOrNull('refusal')) === null ? null : Reason::fromName($name),
            $row->intOrNull('user_id'),
            $row->intOrNull('client_id'),
            $row->textOrNull('destination'),
            $row->text('landing'),
            $row->textOrNull('title'),
            $row->textOrNull('label'),
            $row->int('credential_id'),
            $row->textOrNull('actor'),
            $row->time('created_at'),
            $row->time('expires_at'),
            $row->int('uses'),
            $row->int('used'),
            $row->timeOrNull('first_opened_at'),
            $row->timeOrNull('last_opened_at'),
            $row->bool('end_siblings'),
            $row->timeOrNull('ended_at'),
            LinkEnd::fromName($row->textOrNull('ended_by')),
        );
    }
}
