<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Native\Library;
use Gatepass\Native\Request;

/** Memory of the process, not only PHP's own, stays flat. */
final class LeakTest extends StoreCase
{
    private const ROUNDS = 20_000;

    /** In KiB. A round that loses the least handle there is grows far beyond it. */
    private const MOST = 1_024;

    public function testMemoryStaysFlatOverManyRoundsAndALeakIsCaught(): void
    {
        $this->store()->close();
        $this->rounds(2_000, false);
        $before = self::resident();
        $this->rounds(self::ROUNDS, false);
        $flat = self::resident() - $before;
        self::assertLessThan(self::MOST, $flat, "grew by $flat KiB");

        $before = self::resident();
        $this->rounds(self::ROUNDS, true);
        $leaked = self::resident() - $before;
        self::assertGreaterThan(self::MOST, $leaked, 'the planted leak was not noticed');
    }

    private function rounds(int $rounds, bool $leak): void
    {
        for ($round = 0; $round < $rounds; $round++) {
            $gate = Gatepass::open($this->path(), actor: 'leak test');
            try {
                $gate->inspect('0123456789abcdef0123456789abcdef01234567');
            } catch (Refused) {
                // As it should be.
            }
            $gate->settings()->get('token_life_seconds');
            if ($round % 20 === 0) {
                $gate->inspect($gate->issue($gate->caller(), clientId: 1, life: 1)->token());
                $gate->inspectLink($gate->openLink($gate->createLink($gate->caller(), clientId: 1)->link())->reference);
            }
            if ($leak) {
                Raw::leak(Request::of(Library::get(), ['actor' => 'lost']));
            }
        }
    }

    private static function resident(): int
    {
        gc_collect_cycles();
        preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents('/proc/self/status'), $found);
        return (int) $found[1];
    }
}
