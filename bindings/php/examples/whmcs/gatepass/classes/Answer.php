<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/**
 * One answer of `localAPI`, or a part of it. Numbers come as numbers or texts, flags as anything, lists in five shapes;
 * what can't be told for certain is a `Fault`, since the row that is skipped could be the one that matters.
 */
final class Answer
{
    public function __construct(private readonly string $name, private readonly array $fields)
    {
    }

    /** @throws Fault */
    public function text(string $field): string
    {
        $value = $this->fields[$field] ?? null;
        return is_string($value) ? $value : throw $this->fault($field);
    }

    /** An id: a whole number greater than 0. */
    public function id(string $field): int
    {
        return $this->whole($field) ?: throw $this->fault($field);
    }

    /** A number, not below 0. */
    public function whole(string $field): int
    {
        $value = $this->fields[$field] ?? null;
        if (is_string($value) && preg_match('/\A(0|[1-9][0-9]{0,17})\z/', $value) === 1) {
            $value = (int) $value;
        }
        return is_int($value) && $value >= 0 ? $value : throw $this->fault($field);
    }

    public function yes(string $field): bool
    {
        return match ($this->fields[$field] ?? null) {
            true, 1, '1', 'true', 'on' => true,
            false, 0, '0', 'false', '' => false,
            default => throw $this->fault($field),
        };
    }

    /** A part that has fields of its own. */
    public function part(string $field): self
    {
        $value = self::plain($this->fields[$field] ?? null);
        return is_array($value) ? new self("{$this->name}.$field", $value) : throw $this->fault($field);
    }

    /**
     * Rows in a list that may be nested below a name: `clients: {client: [..]}`.
     *
     * @return list<self>
     */
    public function rows(string $outer, string $inner): array
    {
        $list = self::plain($this->fields[$outer] ?? null);
        if (is_array($list) && array_key_exists($inner, $list)) {
            if (count($list) > 1) {
                throw $this->fault($outer);
            }
            $list = self::plain($list[$inner]);
        }
        if ($list === null || $list === '' || $list === []) {
            return [];
        }
        if (is_array($list) && array_key_exists('id', $list)) {
            // A single row that stands where the list should.
            $list = [$list];
        }
        if (!is_array($list)) {
            throw $this->fault($outer);
        }
        $rows = [];
        foreach ($list as $key => $row) {
            $row = self::plain($row);
            if (!is_int($key) || !is_array($row)) {
                throw $this->fault($outer);
            }
            $rows[] = new self("{$this->name}.$inner", $row);
        }
        return $rows;
    }

    private static function plain(mixed $value): mixed
    {
        return $value instanceof \stdClass ? (array) $value : $value;
    }

    private function fault(string $field): Fault
    {
        return new Fault("{$this->name}: '$field' is missing or not understood");
    }

    public function __debugInfo(): array
    {
        return ['name' => $this->name];
    }
}
