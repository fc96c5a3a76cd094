<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\StoreError;
use Gatepass\Gatepass;
use Gatepass\Mode;

/** A kept store outlives the object that opened it. */
final class KeptTest extends StoreCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->store()->close();
    }

    public function testAKeptStoreStaysOpenAndAPlainOneReallyCloses(): void
    {
        Gatepass::open($this->path(), kept: false)->caller();
        self::assertSame(0, $this->held(), 'plain');
        Gatepass::open($this->path())->caller();
        $held = $this->held();
        self::assertGreaterThan(0, $held, 'kept');
        foreach (range(1, 50) as $round) {
            $gate = Gatepass::open($this->path());
            $gate->redeem($gate->issue($gate->caller(), clientId: 1)->token());
            unset($gate);
        }
        // One connection may be added for reading.
        self::assertLessThanOrEqual($held + 1, $this->held(), 'opened once');
    }

    public function testWhatIsLetGoIsClosedAndOpenedAnew(): void
    {
        $gate = Gatepass::open($this->path());
        Gatepass::closeKept();
        self::assertGreaterThan(0, $this->held(), 'an object still uses it');
        unset($gate);
        self::assertSame(0, $this->held());
        self::assertSame(1, Gatepass::open($this->path())->users()->list()->total);
    }

    public function testAChildMayOpenWhatItsParentLetGo(): void
    {
        $ask = fn (): int => Gatepass::open($this->path())->users()->list()->total;
        self::assertSame(1, $ask());
        self::assertSame('forked', $this->inChild($ask), 'the parent has it open');
        Gatepass::closeKept();
        self::assertSame('1', $this->inChild($ask));
    }

    /** What a child of a fork gets from a call, or the code of what it throws. */
    private function inChild(callable $call): string
    {
        $said = $this->folder . '/said';
        $child = pcntl_fork();
        if ($child === 0) {
            try {
                $told = (string) $call();
            } catch (StoreError $error) {
                $told = $error->codeName();
            }
            file_put_contents($said, $told);
            // Ends the child without PHPUnit's own end.
            posix_kill(posix_getpid(), SIGKILL);
        }
        pcntl_waitpid($child, $status);
        return file_get_contents($said);
    }

    public function testItIsFoundAgainByTheFileWhateverThePath(): void
    {
        Gatepass::open($this->path())->caller();
        $held = $this->held();
        symlink($this->path(), $this->folder . '/link.db');
        Gatepass::open($this->folder . '/link.db')->caller();
        Gatepass::open($this->folder . '/./gatepass.db')->caller();
        self::assertSame($held, $this->held());
    }

    public function testAReplacedFileIsOpenedAnew(): void
    {
        $old = Gatepass::open($this->path());
        self::assertSame(1, $old->users()->list()->total);
        $other = Gatepass::init($this->folder . '/other.db', Mode::Managed, self::SYSTEM_URL);
        $other->users()->add('eve@example.com');
        $other->users()->add('mallory@example.com');
        $other->close();
        foreach (['-wal', '-shm'] as $suffix) {
            @unlink($this->path() . $suffix);
        }
        rename($this->folder . '/other.db', $this->path());
        try {
            $old->users()->list();
            self::fail('the old handle answers');
        } catch (StoreError $error) {
            self::assertSame('store_replaced', $error->codeName());
            self::assertFalse($error->retryable);
        }
        self::assertSame(2, Gatepass::open($this->path())->users()->list()->total);
    }

    public function testClosingOneLeavesTheOthersOpen(): void
    {
        [$first, $second] = [Gatepass::open($this->path()), Gatepass::open($this->path())];
        $first->close();
        self::assertSame(1, $second->redeem($second->issue($second->caller(), clientId: 1)->token())->userId);
    }

    /** How many descriptors of the store this process has. */
    private function held(): int
    {
        $held = 0;
        foreach (scandir('/proc/self/fd') as $descriptor) {
            $held += (int) (@readlink("/proc/self/fd/$descriptor") === $this->path());
        }
        return $held;
    }
}
