<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Gatepass;
use Gatepass\Native\Row;

/**
 * What the operations of one noun have in common.
 *
 * @internal
 */
abstract class Noun
{
    final public function __construct(protected readonly Gatepass $gate)
    {
    }

    /** @param array<string, mixed> $parameters */
    protected function row(string $operation, #[\SensitiveParameter] array $parameters = []): Row
    {
        return Row::of($this->gate->call($operation, $parameters));
    }

    /**
     * @template T
     * @param array<string, mixed> $parameters
     * @param callable(Row): T $read
     * @return list<T>
     */
    protected function rows(string $operation, array $parameters, callable $read): array
    {
        return Row::all($this->gate->call($operation, $parameters), $read);
    }

    /**
     * Without those that were not given: the library then uses its own default.
     *
     * @param array<string, mixed> $parameters
     * @return array<string, mixed>
     */
    protected static function given(#[\SensitiveParameter] array $parameters): array
    {
        return array_filter($parameters, static fn ($value) => $value !== null);
    }
}
