<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Reason;

/** An AutoAuth link judged by itself, without a store. */
final class AutoAuthTest extends StoreCase
{
    private const KEY = 'a key of the old website';

    public function testAGenuineLinkIsGoodWithAndWithoutItsQuestionMark(): void
    {
        $unencoded = str_replace('%2B', '+', self::link(email: 'jo+news@example.com'));
        foreach ([self::link(), '?' . self::link(), $unencoded] as $query) {
            self::assertTrue(Gatepass::verifyAutoAuth($query, self::KEY), $query);
        }
    }

    public function testAForgedOrMangledLinkIsNot(): void
    {
        $good = self::link();
        $bad = [
            self::link(key: 'another key, as long'),
            str_replace('ann%40', 'bob%40', $good),
            "$good&email=bob%40example.com",
            "$good&hash=",
            str_replace('hash=', 'hash=0', $good),
            str_replace('timestamp=', 'timestamp=0', $good),
            str_replace('email=', 'email[]=', $good),
            "$good&x=" . str_repeat('x', 8192),
            str_replace('ann', "\xff", $good),
            '',
            "\0",
        ];
        foreach ($bad as $query) {
            self::assertFalse(Gatepass::verifyAutoAuth($query, self::KEY), $query);
        }
        self::assertTrue(Gatepass::verifyAutoAuth($good, self::KEY));
        self::assertFalse(Gatepass::verifyAutoAuth($good, self::KEY . 'x'));
    }

    public function testALinkOutOfItsTimeIsNot(): void
    {
        foreach ([960 => false, 840 => true, -840 => true, -960 => false] as $age => $good) {
            self::assertSame($good, Gatepass::verifyAutoAuth(self::link(age: $age), self::KEY), "$age");
        }
        self::assertTrue(Gatepass::verifyAutoAuth(self::link(age: 960), self::KEY, past: 1000, future: 0));
        self::assertFalse(Gatepass::verifyAutoAuth(self::link(age: 100), self::KEY, past: 60));
        self::assertFalse(Gatepass::verifyAutoAuth(self::link(age: -100), self::KEY, future: 60));
    }

    public function testWhatIsTheProgramsOwnMistakeIsThrown(): void
    {
        $good = self::link();
        $mistakes = [
            ['key', fn () => Gatepass::verifyAutoAuth($good, '')],
            ['key', fn () => Gatepass::verifyAutoAuth($good, "correct-horse\0")],
            ['key', fn () => Gatepass::verifyAutoAuth($good, "correct-horse\xff")],
            ['past_seconds', fn () => Gatepass::verifyAutoAuth($good, self::KEY, past: -1)],
            ['future_seconds', fn () => Gatepass::verifyAutoAuth($good, self::KEY, future: PHP_INT_MIN)],
        ];
        foreach ($mistakes as [$field, $mistake]) {
            try {
                $mistake();
                self::fail("no exception for $field");
            } catch (InvalidArgument $invalid) {
                self::assertSame($field, $invalid->field);
                self::assertStringNotContainsString('correct-horse', $invalid->getMessage());
            }
        }
    }

    public function testItSpendsNothingAndMindsNoSpending(): void
    {
        $gate = $this->store();
        $gate->autoAuth()->enable();
        $query = self::link();
        self::assertTrue(Gatepass::verifyAutoAuth($query, self::KEY));
        self::assertSame(1, $gate->acceptAutoAuth(query: $query, key: self::KEY)->userId);
        try {
            $gate->acceptAutoAuth(query: $query, key: self::KEY);
            self::fail('accepted twice');
        } catch (Refused $refused) {
            self::assertSame(Reason::AutoAuthUsed, $refused->reason);
        }
        $gate->close();
        self::assertTrue(Gatepass::verifyAutoAuth($query, self::KEY));
    }

    private static function link(string $key = self::KEY, int $age = 0, string $email = 'ann@example.com'): string
    {
        $signedAt = time() - $age;
        $hash = sha1($email . $signedAt . $key);
        return http_build_query(
            ['email' => $email, 'timestamp' => $signedAt, 'hash' => $hash, 'goto' => 'cart.php?a=view'],
        );
    }
}
