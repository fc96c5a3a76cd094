<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\CredentialKind;
use Gatepass\Native\Row;

/** A credential, without its secret. */
final class Credential
{
    /** @internal */
    public function __construct(
        /** The number that the audit names it by. */
        public readonly int $credentialId,
        /** With a secret, or for the same process. */
        public readonly CredentialKind $kind,
        /** What it is for; unique. */
        public readonly string $label,
        /** What callers send; `null` for a host credential. */
        public readonly ?string $identifier,
        /** The owner; `null` for a host credential. */
        public readonly ?int $adminId,
        /** Where a refusal page sends people back to. */
        public readonly ?string $homeUrl,
        /** What it may do. */
        public readonly Limits $limits,
        /** When it was made. */
        public readonly DateTimeImmutable $createdAt,
        /** When it ends by itself. */
        public readonly ?DateTimeImmutable $expiresAt,
        /** When it was revoked. */
        public readonly ?DateTimeImmutable $revokedAt,
        /** A host credential may be switched off and on. */
        public readonly bool $enabled,
        /** Until when the secret before the last rotation is still accepted. */
        public readonly ?DateTimeImmutable $oldSecretUntil,
        /** When it was last used, to the minute. */
        public readonly ?DateTimeImmutable $lastUsedAt,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('credential_id'),
            CredentialKind::fromName($row->text('kind')),
            $row->text('label'),
            $row->textOrNull('identifier'),
            $row->intOrNull('admin_id'),
            $row->textOrNull('home_url'),
            Limits::fromRow($row->row('limits')),
            $row->time('created_at'),
            $row->timeOrNull('expires_at'),
            $row->timeOrNull('revoked_at'),
            $row->bool('enabled'),
            $row->timeOrNull('old_secret_until'),
            $row->timeOrNull('last_used_at'),
        );
    }
}
