<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** What a store says about itself. */
final class StoreInfo
{
    /** @internal */
    public function __construct(
        /** Its random name. */
        public readonly string $storeId,
        /** When it was made. */
        public readonly DateTimeImmutable $createdAt,
        /** The version of its schema. */
        public readonly int $schema,
        /** The version of the database library at run time. */
        public readonly string $database,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('store_id'),
            $row->time('created_at'),
            $row->int('schema'),
            $row->text('database'),
        );
    }
}
