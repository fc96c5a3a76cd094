<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Confirm;
use Gatepass\Native\Row;
use Gatepass\Reason;
use Gatepass\TokenState;

/** A token as an operator sees it. */
final class Token
{
    /** @internal */
    public function __construct(
        /** Its public name: 24 hex characters. No secret. */
        public readonly string $token,
        /** Where it stands. */
        public readonly TokenState $state,
        /** Why a redemption would be refused now, as far as it was looked for. */
        public readonly ?Reason $refusal,
        /** Whom it signs in. */
        public readonly ?int $userId,
        /** Into which client. */
        public readonly ?int $clientId,
        /** The name of the landing page. */
        public readonly ?string $destination,
        /** The relative path of the landing page. */
        public readonly string $landing,
        /** The credential that issued it. */
        public readonly ?int $credentialId,
        /** The admin who issued it by password. */
        public readonly ?int $adminId,
        /** On whose behalf it was issued. */
        public readonly ?string $actor,
        /** Whether it is bound to a browser. */
        public readonly bool $bound,
        /** When it was issued. */
        public readonly DateTimeImmutable $issuedAt,
        /** When its life ends. */
        public readonly DateTimeImmutable $expiresAt,
        /** When it was redeemed. */
        public readonly ?DateTimeImmutable $redeemedAt,
        /** The id of the redemption. */
        public readonly ?string $redemption,
        /** The public name of the session that it started. */
        public readonly ?string $session,
        /** When it was revoked. */
        public readonly ?DateTimeImmutable $revokedAt,
        /** How often it was tried again after that. */
        public readonly int $replays,
        /** When it was first tried again. */
        public readonly ?DateTimeImmutable $replayedAt,
        /** When a sign-in page asks before it spends it. */
        public readonly ?Confirm $confirm,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('token'),
            TokenState::fromName($row->text('state')),
            ($name = $row->textOrNull('refusal')) === null ? null : Reason::fromName($name),
            $row->intOrNull('user_id'),
            $row->intOrNull('client_id'),
            $row->textOrNull('destination'),
            $row->text('landing'),
            $row->intOrNull('credential_id'),
            $row->intOrNull('admin_id'),
            $row->textOrNull('actor'),
            $row->bool('bound'),
            $row->time('issued_at'),
            $row->time('expires_at'),
            $row->timeOrNull('redeemed_at'),
            $row->textOrNull('redemption'),
            $row->textOrNull('session'),
            $row->timeOrNull('revoked_at'),
            $row->int('replays'),
            $row->timeOrNull('replayed_at'),
            Confirm::fromName($row->textOrNull('confirm')),
        );
    }
}
