<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** A user's place in a client. */
final class Place
{
    /** @internal */
    public function __construct(
        /** The client. */
        public readonly int $clientId,
        /** Whether the user owns it. */
        public readonly bool $owner,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->int('client_id'),
            $row->bool('owner'),
        );
    }
}
