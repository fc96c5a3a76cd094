<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** An owner of credentials. */
final class Admin
{
    /** @internal */
    public function __construct(
        /** The number. */
        public readonly int $adminId,
        /** The name. */
        public readonly string $username,
        /** Disabling an admin disables its credentials. */
        public readonly bool $enabled,
        /** Whether a password is set for the legacy form. */
        public readonly bool $hasPassword,
        /** When the admin was added. */
        public readonly DateTimeImmutable $createdAt,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('admin_id'),
            $row->text('username'),
            $row->bool('enabled'),
            $row->bool('has_password'),
            $row->time('created_at'),
        );
    }
}
