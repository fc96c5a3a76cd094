<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** What a revocation did. */
final class RevokedCredential
{
    /** @internal */
    public function __construct(
        /** The credential, whose row stays. */
        public readonly Credential $credential,
        /** Unspent tokens that died with it. */
        public readonly int $tokensEnded,
        /** Sign-in links that died with it. */
        public readonly int $linksEnded,
        /** Sessions that were ended, if asked for. */
        public readonly int $sessionsEnded,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            Credential::fromRow($row->row('credential')),
            $row->int('tokens_ended'),
            $row->int('links_ended'),
            $row->int('sessions_ended'),
        );
    }
}
