<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** Somebody's place in a client. */
final class Member
{
    /** @internal */
    public function __construct(
        /** The user. */
        public readonly int $userId,
        /** Whether the user owns the client. */
        public readonly bool $owner,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('user_id'),
            $row->bool('owner'),
        );
    }
}
