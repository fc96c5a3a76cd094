<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** E-mail addresses, compared byte for byte. */
final class Address
{
    private const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    private const LOWER = 'abcdefghijklmnopqrstuvwxyz';

    /**
     * Blanks around it dropped, ASCII letters in lower case, and nothing else: the rule of the library. A database's
     * collation takes `josé` for `jose`, and PHP 8.1's `strtolower` goes by the locale.
     */
    public static function plain(string $address): string
    {
        return strtr(trim($address, " \t\n\f\r"), self::UPPER, self::LOWER);
    }

    public static function same(string $one, string $other): bool
    {
        return self::plain($one) === self::plain($other);
    }
}
