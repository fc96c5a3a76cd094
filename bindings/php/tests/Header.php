<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** Reads `gatepass.h`, to compare the package with it. */
final class Header
{
    public static function text(): string
    {
        return file_get_contents(dirname(__DIR__, 3) . '/include/gatepass.h');
    }

    /**
     * The enumerators of one enum.
     *
     * @return array<string, int>
     */
    public static function enumerators(string $enum): array
    {
        preg_match("/typedef enum $enum \\{(.*?)\\} $enum;/s", self::text(), $body);
        preg_match_all('/^\s+(GATEPASS_\w+) = (\d+),/m', $body[1], $found);
        return array_combine($found[1], array_map(intval(...), $found[2]));
    }

    /** @return list<string> */
    public static function functions(): array
    {
        preg_match_all('/^[a-z][\w \*]*?\b(gatepass_\w+)\(/m', self::text(), $found);
        return $found[1];
    }

    /** The number in the header that a case of ours stands for. */
    public static function number(string $getter, \BackedEnum $case): int
    {
        [$enum, $prefix] = [
            'state' => ['gatepass_token_state', 'TOKEN_STATE_'],
            'origin' => ['gatepass_origin', 'ORIGIN_'],
            'refusal' => ['gatepass_code', ''],
        ][$getter];
        $word = strtoupper($getter === 'origin' ? str_replace('_', '', $case->value) : $case->value);
        return self::enumerators($enum)["GATEPASS_$prefix$word"];
    }
}
