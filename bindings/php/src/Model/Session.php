<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Row;
use Gatepass\Native\Time;
use Gatepass\Origin;

/** A session: one that is good, as a check found it, or one of a list. */
final class Session
{
    private function __construct(
        /** The session's public name: 24 hex characters, as the audit knows it. No secret. */
        public readonly string $name,
        /** Who is signed in; in mode `host` what the token was issued for. */
        public readonly ?int $userId,
        /** The client that it is bound to. */
        public readonly ?int $clientId,
        /** @var list<int> The clients that it may enter; empty in mode `host`. */
        public readonly array $clients,
        /** How it began. */
        public readonly Origin $origin,
        /** The credential that issued its token. */
        public readonly ?int $credentialId,
        /** The admin who issued its token by password; told by lists only. */
        public readonly ?int $adminId,
        /** The AutoAuth key that signed its link. */
        public readonly ?int $autoauthKeyId,
        /** The sign-in that started it. */
        public readonly ?string $redemption,
        /** When it began. */
        public readonly DateTimeImmutable $startedAt,
        /** When it was last seen, to about a minute. */
        public readonly DateTimeImmutable $touchedAt,
        /** When it ends if nobody uses it. */
        public readonly DateTimeImmutable $idleAt,
        /** When it ends in any case. */
        public readonly DateTimeImmutable $endsAt,
        /** When it was ended. */
        public readonly ?DateTimeImmutable $endedAt,
    ) {
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $session = $handle->pointer();
        $clients = $library->all(
            'gatepass_session_client_at',
            $library->number('gatepass_session_client_count', $session),
            $session,
        );
        return new self(
            $library->text('gatepass_session_name', $session) ?? '',
            $library->number('gatepass_session_user_id', $session) ?: null,
            $library->number('gatepass_session_client_id', $session) ?: null,
            $clients,
            Origin::fromNumber($library->number('gatepass_session_origin', $session)),
            $library->number('gatepass_session_credential_id', $session) ?: null,
            null,
            $library->number('gatepass_session_autoauth_key_id', $session) ?: null,
            $library->text('gatepass_session_redemption', $session),
            Time::fromMs($library->number('gatepass_session_started_at_ms', $session)),
            Time::fromMs($library->number('gatepass_session_touched_at_ms', $session)),
            Time::fromMs($library->number('gatepass_session_idle_at_ms', $session)),
            Time::fromMs($library->number('gatepass_session_ends_at_ms', $session)),
            null,
        );
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('session'),
            $row->intOrNull('user_id'),
            $row->intOrNull('client_id'),
            $row->items('clients'),
            Origin::fromName($row->text('origin')),
            $row->intOrNull('credential_id'),
            $row->intOrNull('admin_id'),
            $row->intOrNull('autoauth_key_id'),
            $row->textOrNull('redemption'),
            $row->time('started_at'),
            $row->time('touched_at'),
            $row->time('idle_at'),
            $row->time('ends_at'),
            $row->timeOrNull('ended_at'),
        );
    }
}
