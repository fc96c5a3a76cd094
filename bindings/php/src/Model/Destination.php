<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\DestinationInput;
use Gatepass\Native\Row;

/** A named landing page. */
final class Destination
{
    /** @internal */
    public function __construct(
        /** Its name, such as `clientarea:product_details`. */
        public readonly string $name,
        /** Its path relative to the system URL, with `{id}` where the id goes; empty if it comes with the request. */
        public readonly string $path,
        /** What it needs from the caller. */
        public readonly DestinationInput $input,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('name'),
            $row->text('path'),
            DestinationInput::fromName($row->text('input')),
        );
    }
}
