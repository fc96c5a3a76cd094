<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/** What a backup wrote. */
final class Backup
{
    /** @internal */
    public function __construct(
        /** The new file. */
        public readonly string $file,
        /** How many database pages it has. */
        public readonly int $pages,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('file'),
            $row->int('pages'),
        );
    }
}
