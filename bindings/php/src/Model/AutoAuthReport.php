<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** Who still uses AutoAuth links. */
final class AutoAuthReport
{
    /** @internal */
    public function __construct(
        /** Whether links are accepted at all. */
        public readonly bool $enabled,
        /** @var list<AutoAuthKey> Every key with its use. */
        public readonly array $keys,
        /** From when the counts below are. */
        public readonly DateTimeImmutable $since,
        /** @var array<string, int> Links whose hash was right, by outcome: `ok`, or the reason's word. */
        public readonly array $outcomes,
        /** Links whose hash fitted no key, as far as they were told to the audit. */
        public readonly int $wrongHashes,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->bool('enabled'),
            $row->each('keys', AutoAuthKey::fromRow(...)),
            $row->time('since'),
            $row->items('outcomes'),
            $row->int('wrong_hashes'),
        );
    }
}
