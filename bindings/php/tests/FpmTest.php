<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\FfiClosed;
use Gatepass\Exception\StoreInDocumentRoot;
use PHPUnit\Framework\TestCase;

/** The package in real php-fpm, set up as docs/php-fpm.md says. */
final class FpmTest extends TestCase
{
    private ?Fpm $fpm = null;

    protected function setUp(): void
    {
        $missing = Fpm::missing();
        if ($missing !== null) {
            fwrite(STDERR, "\n!!!! FpmTest is SKIPPED: $missing is missing\n");
            self::markTestSkipped("$missing is missing");
        }
    }

    protected function tearDown(): void
    {
        $this->fpm?->stop();
    }

    public function testTwoPoolsHandPeopleOverOnOneStoreAtOnce(): void
    {
        $this->fpm = Fpm::start(workers: 2);
        $running = [];
        for ($round = 0; $round < 300; $round++) {
            $running[] = [$round, $this->fpm->begin(Fpm::POOLS[$round % 2], 'handoff.php')];
            if (count($running) === 4) {
                $this->assertHandedOver(...array_shift($running));
            }
        }
        foreach ($running as $last) {
            $this->assertHandedOver(...$last);
        }
    }

    public function testAWorkerOpensTheStoreOnceAndAPlainOpenIsNoticed(): void
    {
        $this->fpm = Fpm::start(workers: 1);
        foreach (['' => 1, 'plain=1' => 20] as $query => $expected) {
            // The broken variant asks the other pool, whose worker has opened nothing yet.
            $answers = $this->fpm->many($query === '' ? 'first' : 'second', 'handoff.php', 20, 1, $query);
            self::assertSame([], array_column($answers, 'error'));
            self::assertSame($expected, count(array_filter($answers, static fn ($answer) => !$answer['held'])));
        }
    }

    public function testFfiStaysClosedToOtherScriptsOfThePool(): void
    {
        $this->fpm = Fpm::start(workers: 1);
        self::assertSame(1, $this->fpm->get('first', 'handoff.php')['user'] ?? null);
        self::assertSame(
            ['cdef' => 'closed', 'scope' => 'closed', 'new' => 'closed'],
            $this->fpm->get('first', 'other.php'),
        );
    }

    public function testAStoreInTheDocumentRootIsRefused(): void
    {
        $this->fpm = Fpm::start(workers: 1);
        self::assertSame(['init' => StoreInDocumentRoot::class], $this->fpm->get('first', 'inside.php'));
        self::assertFileDoesNotExist("{$this->fpm->folder}/public/gatepass.db");
    }

    public function testOpenBasedirDoesNotBindTheStore(): void
    {
        $this->fpm = Fpm::start(workers: 1, pool: ['php_admin_value[open_basedir] = FOLDER/public:/proc']);
        $this->assertHandedOver(0, $this->fpm->begin('first', 'handoff.php'));
        self::assertSame(['init' => StoreInDocumentRoot::class], $this->fpm->get('first', 'inside.php'));
    }

    public function testAReloadTakesANewLibraryAndTheStoreGoesOn(): void
    {
        $this->fpm = Fpm::start(workers: 1);
        $old = $this->fpm->get('first', 'handoff.php')['pid'];
        $library = "{$this->fpm->folder}/package/lib/libgatepass.so";
        copy($library, "$library.new");
        rename("$library.new", $library);
        self::assertStringContainsString("$library (deleted)", file_get_contents("/proc/$old/maps"));
        posix_kill($this->fpm->pid(), SIGUSR2);
        for ($tries = 0; $tries < 100 && file_exists("/proc/$old"); $tries++) {
            usleep(50_000);
        }
        $new = $this->fpm->get('first', 'handoff.php');
        self::assertSame('refused', $new['again'] ?? $new['error']);
        self::assertStringContainsString("$library\n", file_get_contents("/proc/{$new['pid']}/maps"));
    }

    public function testWithoutPreloadingTheErrorSaysWhatToSet(): void
    {
        $this->fpm = Fpm::start(workers: 1, preload: false);
        $error = $this->fpm->get('first', 'autoload.php')['error'];
        self::assertStringStartsWith(FfiClosed::class, $error);
        foreach (['ffi.enable=preload', 'opcache.preload=', 'opcache.preload_user=', 'ffi.preload='] as $setting) {
            self::assertStringContainsString($setting, $error);
        }
    }

    private function assertHandedOver(int $round, array $request): void
    {
        $answer = $this->fpm->finish($request);
        unset($answer['pid'], $answer['held'], $answer['kib']);
        self::assertSame(['user' => 1, 'again' => 'refused'], $answer, "request $round");
    }
}
