<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** What an erasure did. */
final class Erased
{
    /** @internal */
    public function __construct(
        /** The number that stays as a pseudonym. */
        public readonly int $userId,
        /** Unspent tokens that were ended. */
        public readonly int $tokensEnded,
        /** Sign-in links that were ended. */
        public readonly int $linksEnded,
        /** Sessions that were ended. */
        public readonly int $sessionsEnded,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('user_id'),
            $row->int('tokens_ended'),
            $row->int('links_ended'),
            $row->int('sessions_ended'),
        );
    }
}
