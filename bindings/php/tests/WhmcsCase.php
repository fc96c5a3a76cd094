<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use PHPUnit\Framework\TestCase;

/** The page for old AutoAuth links on WHMCS, run by a web server against a stand-in for `localAPI`. */
abstract class WhmcsCase extends TestCase
{
    private const SIGN_ON = WhmcsSite::SYSTEM_URL . '/oauth/singlesignon.php?access_token=';

    protected WhmcsSite $site;

    protected function setUp(): void
    {
        $this->site = new WhmcsSite(Folder::make());
    }

    protected function tearDown(): void
    {
        $this->site->stop();
        Folder::remove($this->site->folder);
    }

    protected function assertSignsIn(int $client, string $link): void
    {
        $this->site->calls();
        $answer = $this->site->get($link);
        self::assertSame(303, $answer['status'], $this->site->log());
        self::assertMatchesRegularExpression(self::signOn(), $answer['headers']['location'][0]);
        $file = "{$this->site->root()}/calls.jsonl";
        $kept = file_get_contents($file);
        $calls = $this->site->calls();
        self::assertSame($client, end($calls)[1]['client_id']);
        file_put_contents($file, $kept);
    }

    /** The holder is told nothing but a number, by which the log tells the reason. */
    protected function assertRefused(array $answer, string $why): void
    {
        self::assertSame(403, $answer['status'], "$why: {$answer['body']}" . $this->site->log());
        self::assertArrayNotHasKey('location', $answer['headers']);
        self::assertStringContainsString($why, $this->logged($answer));
    }

    /** The line of the log under the number that the page shows. Neither holds what is secret. */
    protected function logged(array $answer): string
    {
        self::assertSame(1, preg_match('/this number: (\S+)</', $answer['body'], $found), $answer['body']);
        self::assertStringContainsString("default-src 'none'", $answer['headers']['content-security-policy'][0]);
        self::assertSame(['nosniff'], $answer['headers']['x-content-type-options']);
        self::assertStringNotContainsString('printed by init.php', $answer['body']);
        $lines = preg_grep('/reference ' . preg_quote($found[1], '/') . '$/', explode("\n", $this->site->log()));
        self::assertCount(1, $lines, $this->site->log());
        foreach (['@example', WhmcsSite::KEY, 'hash='] as $secret) {
            self::assertStringNotContainsString($secret, $answer['body'] . $this->site->log());
        }
        return reset($lines);
    }

    /**
     * The answer is the confirm page of old links.
     *
     * @return array{array<string, string>, string} Its form's fields, and its cookie.
     */
    protected function asked(array $answer): array
    {
        self::assertCount(1, preg_grep('/^WHMCSstandin=/', $answer['headers']['set-cookie']), 'the cookie of WHMCS');
        return $this->form($answer, WhmcsSite::PAGE);
    }

    /**
     * The answer is a page that asks, whose form goes there.
     *
     * @return array{array<string, string>, string} Its form's fields, and its cookie.
     */
    protected function form(array $answer, string $page): array
    {
        self::assertSame(200, $answer['status'], $answer['body'] . $this->site->log());
        self::assertStringNotContainsString('ann', preg_replace('/value="[^"]*"/', '', $answer['body']));
        self::assertStringContainsString('action="' . WhmcsSite::SYSTEM_URL . "$page\"", $answer['body']);
        self::assertStringEndsWith(
            "form-action 'self' https://billing.example.com",
            $answer['headers']['content-security-policy'][0],
        );
        preg_match_all('/name="(\w+)" value="([^"]+)"/', $answer['body'], $fields);
        $cookies = preg_grep('/^__Host-gatepass-confirm=/', $answer['headers']['set-cookie']);
        self::assertCount(1, $cookies);
        [$cookie, $attributes] = explode('; ', reset($cookies), 2);
        self::assertSame('Path=/; Max-Age=900; HttpOnly; SameSite=Strict; Secure', $attributes);
        return [array_combine($fields[1], $fields[2]), $cookie];
    }

    protected static function signOn(): string
    {
        return '~\A' . preg_quote(self::SIGN_ON, '~') . '[0-9a-f]{40}\z~';
    }
}
