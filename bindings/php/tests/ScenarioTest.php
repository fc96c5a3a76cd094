<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use Gatepass\Mode;

/** The story that every language tells: `tests/scenario/README.md` says what the lines mean. */
final class ScenarioTest extends StoreCase
{
    public function testEveryLineOfTheScenarioComesOutAsWritten(): void
    {
        $gate = Gatepass::init(
            $this->path(),
            Mode::Managed,
            self::SYSTEM_URL,
            sealingKey: 'gatepass-sealing-key-1 ' . str_repeat('0123456789abcdef', 4),
        );
        $scenario = new Scenario($gate);
        $wrong = [];
        $lines = file(dirname(__DIR__, 3) . '/tests/scenario/scenario.txt', FILE_IGNORE_NEW_LINES);
        foreach ($lines as $number => $line) {
            if ($line === '' || $line[0] === '#') {
                continue;
            }
            $told = $scenario->tell($line);
            if ($told !== null) {
                $wrong[] = 'line ' . ($number + 1) . ": $line\n    $told";
            }
        }
        self::assertSame([], $wrong, implode("\n", $wrong));
        self::assertGreaterThan(120, $scenario->lines);
    }
}
