<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Native\Row;

/**
 * One page of a list.
 *
 * @template T
 */
final class Page
{
    /** @internal */
    public function __construct(
        /** How many match in all. */
        public readonly int $total,
        /** @var list<T> This page. */
        public readonly array $items,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row, callable $read): self
    {
        return new self($row->int('total'), $row->each('items', $read));
    }
}
