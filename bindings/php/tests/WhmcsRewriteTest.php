<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use PHPUnit\Framework\TestCase;

/** The rewrite rules of docs/autoauth.md in real web servers: old links go to the page, all else to WHMCS. */
final class WhmcsRewriteTest extends TestCase
{
    private const WHMCS = 'the log-in of WHMCS';

    private WhmcsSite $site;
    private ?WhmcsServer $server = null;

    protected function setUp(): void
    {
        $this->site = new WhmcsSite(Folder::make());
    }

    protected function tearDown(): void
    {
        $this->server?->stop();
        Folder::remove($this->site->folder);
    }

    public static function servers(): array
    {
        return ['nginx' => ['nginx'], 'Apache' => ['apache2']];
    }

    /** @dataProvider servers */
    public function testOldLinksGoToThePageByteForByte(string $server): void
    {
        $this->start($server);
        $plus = WhmcsSite::client(2, 'josé+a%41@example.com');
        $this->site->state(['clients' => [WhmcsSite::client(1, 'ann@example.com'), $plus]]);
        $links = [
            [1, $this->site->link('ann@example.com', 'viewinvoice.php?id=5&x=a%20b+c')],
            [2, $this->site->link('josé+a%41@example.com')],
        ];
        foreach ($links as $age => [$client, $link]) {
            $answer = $this->site->send('GET', "/dologin.php?$link");
            self::assertSame(303, $answer['status'], $answer['body'] . $this->server->log());
            $calls = $this->site->calls();
            self::assertSame($client, $calls[2][1]['client_id']);
            $landing = $age === 0 ? 'viewinvoice.php?id=5&x=a%20b+c' : null;
            self::assertSame($landing, $calls[2][1]['sso_redirect_path'] ?? null);
        }
        // The address written without encoding, and the fields in another order.
        [$email, $time] = ['josé+a%41@example.com', time() - 10];
        $hash = sha1($email . $time . WhmcsSite::KEY);
        $link = "x=1&goto=clientarea.php&hash=$hash&timestamp=$time&email=josé+a%2541@example.com";
        self::assertSame(303, $this->site->send('GET', "/dologin.php?$link")['status'], $this->server->log());
    }

    /** @dataProvider servers */
    public function testWithoutTheRulesAnOldLinkGoesToWhmcs(string $server): void
    {
        $this->start($server, rules: false);
        $link = $this->site->link('ann@example.com');
        self::assertSame(self::WHMCS, $this->site->send('GET', "/dologin.php?$link")['body']);
    }

    /** @dataProvider servers */
    public function testALookAheadSpendsNothing(string $server): void
    {
        $this->start($server);
        $link = $this->site->link('ann@example.com');
        self::assertSame(503, $this->site->send('HEAD', "/dologin.php?$link")['status']);
        self::assertSame([], $this->site->calls());
        self::assertSame(303, $this->site->send('GET', "/dologin.php?$link")['status']);
    }

    /** @dataProvider servers */
    public function testAllElseIsLeftToWhmcs(string $server): void
    {
        $this->start($server);
        file_put_contents("{$this->site->root()}/clientarea.php", '<?php echo "the client area";');
        $link = $this->site->link('ann@example.com', 'index.php');
        $form = ['Content-Type: application/x-www-form-urlencoded'];
        $whmcs = [
            'the form' => ['POST', '/dologin.php', $form, 'username=ann%40example.com&password=x'],
            'a form to a link' => ['POST', "/dologin.php?$link", $form, 'username=ann%40example.com&password=x'],
            'the page alone' => ['GET', '/dologin.php'],
            'no e-mail' => ['GET', '/dologin.php?' . preg_replace('/email=[^&]*&/', '', $link)],
            'no time' => ['GET', '/dologin.php?' . preg_replace('/timestamp=[^&]*&/', '', $link)],
            'an empty time' => ['GET', '/dologin.php?' . preg_replace('/timestamp=[^&]*&/', 'timestamp=&', $link)],
            'no hash' => ['GET', '/dologin.php?' . preg_replace('/&hash=[^&]*/', '', $link)],
            'other names' => ['GET', '/dologin.php?' . preg_replace('/(email|timestamp|hash)=/', 'x$0', $link)],
        ];
        foreach ($whmcs as $what => $request) {
            self::assertSame(self::WHMCS, $this->site->send(...$request)['body'], $what);
        }
        self::assertSame('the client area', $this->site->send('GET', "/clientarea.php?$link")['body']);
        self::assertSame(404, $this->site->send('GET', "/other/dologin.php?$link")['status']);
        self::assertSame([], $this->site->calls());
    }

    /** @dataProvider servers */
    public function testNothingOfTheFolderIsGivenAway(string $server): void
    {
        $this->start($server);
        foreach (['config.php', 'config.sample.php', 'classes/Config.php', 'report.php'] as $file) {
            self::assertSame('', $this->site->send('GET', "/gatepass/$file")['body'], $file);
        }
    }

    private function start(string $server, bool $rules = true): void
    {
        $missing = WhmcsServer::missing($server);
        if ($missing !== null) {
            fwrite(STDERR, "\n!!!! WhmcsRewriteTest is SKIPPED: $missing is missing\n");
            self::markTestSkipped("$missing is missing");
        }
        $this->server = WhmcsServer::start($server, $this->site, $rules);
    }
}
