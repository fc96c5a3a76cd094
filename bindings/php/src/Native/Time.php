<?php

declare(strict_types=1);

namespace Gatepass\Native;

use DateTimeImmutable;
use DateTimeInterface;
use DateTimeZone;
use Gatepass\Exception\InternalError;
use Gatepass\Exception\InvalidArgument;

/**
 * Times and durations between PHP and the library, to the millisecond.
 *
 * @internal
 */
final class Time
{
    private static ?DateTimeZone $utc = null;

    /** From milliseconds since 1970 UTC, where 0 stands for none. */
    public static function fromMs(int $ms): ?DateTimeImmutable
    {
        if ($ms === 0) {
            return null;
        }
        // Rounded down, also before 1970.
        $rest = ($ms % 1000 + 1000) % 1000;
        $text = sprintf('%d.%03d', intdiv($ms - $rest, 1000), $rest);
        return DateTimeImmutable::createFromFormat('U.v', $text)->setTimezone(self::utc());
    }

    /** Made once: PHP looks a zone up by its name each time. */
    private static function utc(): DateTimeZone
    {
        return self::$utc ??= new DateTimeZone('UTC');
    }

    /** From RFC 3339, or milliseconds where the year has more than four digits. */
    public static function fromText(string $text): DateTimeImmutable
    {
        if (preg_match('/^(-?\d+) ms$/D', $text, $found)) {
            $time = self::fromMs((int) $found[1]);
        } elseif (preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/D', $text)) {
            // PHP takes much else for a time, and nothing at all for now.
            $time = date_create_immutable($text) ?: null;
        }
        return ($time ?? null)?->setTimezone(self::utc())
            ?? throw new InternalError('the library gave a time that is none');
    }

    /** As RFC 3339 in UTC. */
    public static function toText(?DateTimeInterface $time): ?string
    {
        if ($time === null) {
            return null;
        }
        $utc = DateTimeImmutable::createFromInterface($time)->setTimezone(self::utc());
        return $utc->format('Y-m-d\TH:i:s.v\Z');
    }

    /** A number of seconds as milliseconds. */
    public static function toMs(string $field, int|float|null $seconds): ?int
    {
        if ($seconds === null) {
            return null;
        }
        if (!is_finite((float) $seconds) || abs($seconds) > 1e12) {
            throw InvalidArgument::in($field, 'is no number of seconds');
        }
        return (int) round($seconds * 1000);
    }
}
