<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\InternalError;
use Gatepass\Native\Row;
use Gatepass\Native\Time;
use PHPUnit\Framework\TestCase;

/** An answer is read as what it is or not at all: what is missing or of another kind is a fault with a type. */
final class AnswerTest extends TestCase
{
    public function testATimeIsReadAsWhatItIs(): void
    {
        $times = [
            '2026-11-22T14:13:46.123Z' => '2026-11-22 14:13:46.123',
            '2026-11-22T16:13:46+02:00' => '2026-11-22 14:13:46.000',
            '9999-12-31T23:59:59.999Z' => '9999-12-31 23:59:59.999',
            '253402300800000 ms' => '10000-01-01 00:00:00.000',
        ];
        foreach ($times as $text => $time) {
            self::assertSame($time, Time::fromText($text)->format('Y-m-d H:i:s.v'));
            self::assertSame('UTC', Time::fromText($text)->getTimezone()->getName());
        }
        self::assertSame('1969-12-31 23:59:58.500', Time::fromMs(-1500)->format('Y-m-d H:i:s.v'));
    }

    public function testWhatIsNoTimeIsNotTakenForOne(): void
    {
        $texts = ['', 'now', 'tomorrow', '5 ms ago', '2026-11-22', '2026-11-22T14:13:46', "2026-11-22T14:13:46Z\n"];
        foreach ($texts as $text) {
            self::assertFault(static fn () => Time::fromText($text));
        }
    }

    public function testWhatIsNoObjectOrListIsAFault(): void
    {
        $read = static fn (Row $row) => $row->int('total');
        $acts = [
            static fn () => Row::of(null),
            static fn () => Row::of('text'),
            static fn () => Row::of([])->int('total'),
            static fn () => Row::of(['total' => '1'])->int('total'),
            static fn () => Row::of(['items' => 1])->each('items', $read),
            static fn () => Row::all(null, $read),
            static fn () => Row::all([1], $read),
        ];
        foreach ($acts as $act) {
            self::assertFault($act);
        }
        self::assertSame([3], Row::all([['total' => 3, 'more' => 'of a newer library']], $read));
    }

    private static function assertFault(callable $act): void
    {
        try {
            $act();
        } catch (InternalError $fault) {
            self::assertSame('internal', $fault->codeName());
            return;
        }
        self::fail('taken for an answer');
    }
}
