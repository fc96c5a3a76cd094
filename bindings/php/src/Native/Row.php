<?php

declare(strict_types=1);

namespace Gatepass\Native;

use DateTimeImmutable;
use Gatepass\Exception\InternalError;

/**
 * One JSON object of an answer, read field by field. Fields that nobody asks for are ignored: a newer library may
 * answer with more.
 *
 * @internal
 */
final class Row
{
    /** @param array<string, mixed> $fields */
    public function __construct(#[\SensitiveParameter] private readonly array $fields)
    {
    }

    /** An answer that must be an object. */
    public static function of(#[\SensitiveParameter] mixed $answer): self
    {
        return is_array($answer) ? new self($answer) : throw new InternalError('the library\'s answer is no object');
    }

    public function text(string $name): string
    {
        $value = $this->value($name);
        return is_string($value) ? $value : throw self::wrong($name);
    }

    public function textOrNull(string $name): ?string
    {
        return $this->value($name) === null ? null : $this->text($name);
    }

    public function int(string $name): int
    {
        $value = $this->value($name);
        return is_int($value) ? $value : throw self::wrong($name);
    }

    public function intOrNull(string $name): ?int
    {
        return $this->value($name) === null ? null : $this->int($name);
    }

    public function bool(string $name): bool
    {
        $value = $this->value($name);
        return is_bool($value) ? $value : throw self::wrong($name);
    }

    public function time(string $name): DateTimeImmutable
    {
        return Time::fromText($this->text($name));
    }

    public function timeOrNull(string $name): ?DateTimeImmutable
    {
        return $this->value($name) === null ? null : $this->time($name);
    }

    /** @return array<mixed> */
    public function items(string $name): array
    {
        $value = $this->value($name);
        return is_array($value) ? $value : throw self::wrong($name);
    }

    /** @return ?list<mixed> */
    public function itemsOrNull(string $name): ?array
    {
        return $this->value($name) === null ? null : $this->items($name);
    }

    public function row(string $name): self
    {
        return new self($this->items($name));
    }

    /**
     * @template T
     * @param callable(self): T $read
     * @return list<T>
     */
    public function each(string $name, callable $read): array
    {
        return self::all($this->items($name), $read);
    }

    /**
     * @template T
     * @param mixed $rows An answer that must be a list.
     * @param callable(self): T $read
     * @return list<T>
     */
    public static function all(#[\SensitiveParameter] mixed $rows, callable $read): array
    {
        if (!is_array($rows)) {
            throw new InternalError('the library\'s answer is no list');
        }
        $all = [];
        foreach ($rows as $row) {
            $all[] = $read(self::of($row));
        }
        return $all;
    }

    public function value(string $name): mixed
    {
        return array_key_exists($name, $this->fields) ? $this->fields[$name] : throw self::wrong($name);
    }

    private static function wrong(string $name): InternalError
    {
        return new InternalError("the library's answer has no proper \"$name\"");
    }

    public function __debugInfo(): array
    {
        return ['fields' => array_keys($this->fields)];
    }
}
