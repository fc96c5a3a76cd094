<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Confirm;
use Gatepass\Native\Row;

/** A stored AutoAuth key and its use. */
final class AutoAuthKey
{
    /** @internal */
    public function __construct(
        /** The number. */
        public readonly int $keyId,
        /** Which calling system has it; unique. */
        public readonly string $label,
        /** It has fewer than 20 characters, so that it can be guessed from a link. */
        public readonly bool $weak,
        /** When a sign-in page asks before it accepts one of its links; `null`: as the setting says. */
        public readonly ?Confirm $confirm,
        /** When it was added. */
        public readonly DateTimeImmutable $addedAt,
        /** When it was retired: its links are refused since. */
        public readonly ?DateTimeImmutable $retiredAt,
        /** When a link of it was first accepted. */
        public readonly ?DateTimeImmutable $firstUsedAt,
        /** When a link of it was last accepted. */
        public readonly ?DateTimeImmutable $lastUsedAt,
        /** How many links of it were accepted. */
        public readonly int $uses,
        /** The least of (our clock - the link's time); negative when the caller's clock runs ahead. */
        public readonly ?int $leastSkewSeconds,
        /** The most of (our clock - the link's time). */
        public readonly ?int $mostSkewSeconds,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('key_id'),
            $row->text('label'),
            $row->bool('weak'),
            Confirm::fromName($row->textOrNull('confirm')),
            $row->time('added_at'),
            $row->timeOrNull('retired_at'),
            $row->timeOrNull('first_used_at'),
            $row->timeOrNull('last_used_at'),
            $row->int('uses'),
            $row->intOrNull('least_skew_seconds'),
            $row->intOrNull('most_skew_seconds'),
        );
    }
}
