<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;
use Gatepass\Secret;

/** A credential that was made or given a new secret. */
final class IssuedSecret
{
    /** @internal */
    public function __construct(
        /** The credential. */
        public readonly Credential $credential,
        private readonly ?Secret $secret,
        /** Unspent tokens that were ended, after a leak. */
        public readonly int $tokensEnded,
        /** Sign-in links that were ended, after a leak. */
        public readonly int $linksEnded,
        /** Sessions that were ended, after a leak. */
        public readonly int $sessionsEnded,
    ) {
    }

    /** The secret, which nobody can be shown again; `null` for a host credential. */
    public function secret(): ?string
    {
        return $this->secret?->reveal();
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        $secret = $row->textOrNull('secret');
        return new self(
            Credential::fromRow($row->row('credential')),
            $secret === null ? null : new Secret($secret),
            $row->int('tokens_ended'),
            $row->int('links_ended'),
            $row->int('sessions_ended'),
        );
    }
}
