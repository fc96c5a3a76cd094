<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** A setting. */
final class Setting
{
    /** @internal */
    public function __construct(
        /** The name. */
        public readonly string $name,
        /** The value in force. */
        public readonly mixed $value,
        /** The value of a new store; `null` where `init` asks for it. */
        public readonly mixed $default,
        /** What it does, with its unit and range. */
        public readonly string $about,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('name'),
            $row->value('value'),
            $row->value('default'),
            $row->text('about'),
        );
    }
}
