<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** What a restore did. */
final class Restored
{
    /** @internal */
    public function __construct(
        /** Unspent tokens of the backup that were ended. */
        public readonly int $tokensEnded,
        /** Sign-in links of the backup that could still be used and were ended. */
        public readonly int $linksEnded,
        /** Sessions of the backup that were ended. */
        public readonly int $sessionsEnded,
        /** AutoAuth links of before this time are no longer accepted. */
        public readonly DateTimeImmutable $autoauthFloor,
        /**
         * @var list<Credential> The credentials that are good again now: check each, since an old copy brings revoked
         *                       ones back.
         */
        public readonly array $credentialsToCheck,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('tokens_ended'),
            $row->int('links_ended'),
            $row->int('sessions_ended'),
            $row->time('autoauth_floor'),
            $row->each('credentials_to_check', Credential::fromRow(...)),
        );
    }
}
