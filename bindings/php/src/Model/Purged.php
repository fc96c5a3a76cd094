<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** How many rows a purge deleted. */
final class Purged
{
    /** @internal */
    public function __construct(
        /** Tokens past their retention. */
        public readonly int $tokens,
        /** Sign-in links past their retention. */
        public readonly int $links,
        /** Sessions that are over. */
        public readonly int $sessions,
        /** AutoAuth links that no window admits any more. */
        public readonly int $autoauthLinks,
        /** Audit events past their retention. */
        public readonly int $auditEvents,
        /** Audited addresses that were cut. */
        public readonly int $addressesCut,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('tokens'),
            $row->int('links'),
            $row->int('sessions'),
            $row->int('autoauth_links'),
            $row->int('audit_events'),
            $row->int('addresses_cut'),
        );
    }
}
