<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\Closed;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Web\Request;
use Gatepass\Web\Response;

/** The endpoints: what PHP knows of a request goes in as it came, and the answer goes out as the library gave it. */
final class WebTest extends StoreCase
{
    private const FORM = 'application/x-www-form-urlencoded';
    private const MULTIPART = 'Content-Type: multipart/form-data; boundary=b';

    private ?WebServer $server = null;

    protected function tearDown(): void
    {
        $this->server?->stop();
        parent::tearDown();
    }

    public function testARequestComesOverAsTheWebServerGaveIt(): void
    {
        $seen = $this->seen('POST', '/echo.php?email=j%C3%B6+x&a[]=1&a[]=2', [
            'Cookie: a=1; b=%20',
            'Sec-Purpose: prefetch',
            'X-Forwarded-For: 203.0.113.9',
            'Content-Type: ' . self::FORM,
        ], 'x=1&x=2&y=%FF');
        self::assertSame(['POST', 'oauth/singlesignon.php'], [$seen['method'], $seen['path']]);
        self::assertSame('email=j%C3%B6+x&a[]=1&a[]=2', $seen['query']);
        self::assertSame('x=1&x=2&y=%FF', $seen['body']);
        self::assertSame('127.0.0.1', $seen['peer']);
        $headers = array_map(static fn ($header) => [strtolower($header[0]), $header[1]], $seen['headers']);
        self::assertContains(['cookie', 'a=1; b=%20'], $headers);
        self::assertContains(['sec-purpose', 'prefetch'], $headers);
        self::assertContains(['x-forwarded-for', '203.0.113.9'], $headers);
        $types = array_filter($headers, static fn ($header) => $header[0] === 'content-type');
        self::assertSame([['content-type', self::FORM]], array_values($types));
    }

    public function testAnAnswerGoesOutAsTheLibraryGaveItAndNothingBeside(): void
    {
        [$status, $headers, $body] = $this->echoes()->ask('GET', '/echo.php');
        self::assertSame(403, $status);
        $own = array_values(array_filter($headers, static fn ($line) => !preg_match('/^(Host|Date|Connection):/', $line)));
        self::assertSame(
            ['Content-Type: application/json', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Location: /x'],
            $own,
        );
        self::assertJson($body);
        [$status, , $body] = $this->server->ask('HEAD', '/echo.php');
        self::assertSame([403, ''], [$status, $body]);
    }

    public function testAnAnswerGoesOutCleanOrNotAtAllWherePhpDisplaysItsWarnings(): void
    {
        $shown = ['-d', 'display_errors=1', '-d', 'display_startup_errors=1', '-d', 'output_buffering=4096'];
        $broken = ['POST', '/echo.php', ['Content-Type: multipart/form-data'], 'x'];
        [$status, , $body] = $this->echoes($shown)->ask(...$broken);
        self::assertSame(403, $status);
        self::assertJson($body);
        $this->server->stop();
        $shown[5] = 'output_buffering=0';
        $this->server = WebServer::php(__DIR__ . '/web', $this->folder, [], $shown);
        [, $headers, $body] = $this->server->ask(...$broken);
        self::assertStringContainsString('Missing boundary', $body, 'otherwise this shows nothing');
        self::assertStringNotContainsString('.php', $body, 'a path');
        self::assertStringNotContainsString('{', $body, 'an answer without its headers');
        self::assertStringNotContainsString('Location', implode("\n", $headers));
        self::assertStringContainsString('an answer was not sent', $this->server->log());
    }

    public function testALongBodyIsCutWhereTheLibrarySeesThatItIsTooLong(): void
    {
        $type = 'Content-Type: ' . self::FORM;
        self::assertSame(65_537, strlen($this->seen('POST', '/echo.php', [$type], str_repeat('a', 70_000))['body']));
        self::assertSame(65_537, strlen($this->seen('POST', '/echo.php', [self::MULTIPART], str_repeat('a', 70_000))['body']));
    }

    public function testAMultipartBodyComesAsItIsWherePhpLeavesItAlone(): void
    {
        $body = self::multipart(['a' => '1', 'b[x]' => "\xFF"]);
        $this->echoes(['-d', 'enable_post_data_reading=0']);
        $seen = $this->seen('POST', '/echo.php', [self::MULTIPART], $body);
        self::assertSame($body, $seen['body']);
        self::assertContains(['CONTENT_TYPE', substr(self::MULTIPART, 14)], self::upper($seen['headers']));
    }

    public function testAMultipartBodyThatPhpTookIsMadeAgain(): void
    {
        $body = self::multipart(['a' => '1 &=', 'b[x]' => "\xFF", 'b[y]' => 'ö', 'c[]' => '', 'c[1]' => '2']);
        $seen = $this->seen('POST', '/echo.php', [self::MULTIPART], $body);
        self::assertSame('a=1+%26%3D&b%5Bx%5D=%FF&b%5By%5D=%C3%B6&c%5B0%5D=&c%5B1%5D=2', $seen['body']);
        self::assertContains(['CONTENT_TYPE', self::FORM], self::upper($seen['headers']));
    }

    public function testAFileInABodyThatPhpTookIsStillAFile(): void
    {
        $body = str_replace('name="a"', 'name="a"; filename="a.txt"', self::multipart(['a' => '1', 'b' => '2']));
        $seen = $this->seen('POST', '/echo.php', [self::MULTIPART], $body);
        self::assertStringContainsString('; filename="', $seen['body']);
        self::assertContains(['CONTENT_TYPE', 'multipart/form-data; boundary=x'], self::upper($seen['headers']));
    }

    public function testAStoreThatCanNotBeOpenedIsAnApologyAndALineInTheLog(): void
    {
        $public = dirname(__DIR__) . '/public';
        $this->server = WebServer::php($public, $this->folder, ['GATEPASS_STORE' => $this->path()]);
        foreach (['includes/api.php', 'oauth/singlesignon.php', 'dologin.php', 'signin.php', 'logout.php'] as $path) {
            [$status, $headers, $body] = $this->server->ask('GET', "/$path?access_token=hidden");
            self::assertSame(503, $status);
            self::assertContains('Cache-Control: no-store', $headers);
            self::assertStringNotContainsStringIgnoringCase('store', $body);
            self::assertStringNotContainsString('X-Powered-By', implode("\n", $headers));
        }
        $answer = json_decode($this->server->ask('GET', '/includes/api.php')[2], true);
        self::assertSame(['result' => 'error', 'message' => 'temporarily_unavailable'], $answer);
        self::assertStringContainsString('no store there', $this->server->log());
        $this->store()->close();
        self::assertNotSame(503, $this->server->ask('GET', '/dologin.php')[0]);
    }

    public function testNoErrorOfPhpIsShownToTheBrowser(): void
    {
        // Ends as an endpoint may, with an error that no `catch` sees.
        $late = '<?php register_shutdown_function(static fn () => trigger_error("a late fault"));';
        file_put_contents("{$this->folder}/late.php", $late);
        $options = ['-d', 'display_errors=1', '-d', "auto_prepend_file={$this->folder}/late.php"];
        $public = dirname(__DIR__) . '/public';
        $this->server = WebServer::php($public, $this->folder, ['GATEPASS_STORE' => $this->path()], $options);
        $body = $this->server->ask('GET', '/dologin.php')[2];
        self::assertStringEndsWith("later.\n", $body);
        self::assertStringContainsString('a late fault', $this->server->log());
    }

    public function testTheEnvironmentMustNameAStoreOutsideOfTheDocumentRoot(): void
    {
        self::assertTrue(mkdir("{$this->folder}/public"));
        copy(dirname(__DIR__) . '/public/dologin.php', "{$this->folder}/public/dologin.php");
        $endpoints = var_export(dirname(__DIR__) . '/endpoints.php', true);
        file_put_contents("{$this->folder}/endpoints.php", "<?php return require $endpoints;");
        $this->store()->close();
        rename($this->path(), "{$this->folder}/public/gatepass.db");
        foreach (["{$this->folder}/public/gatepass.db" => 'StoreInDocumentRoot', '' => 'names no store'] as $store => $why) {
            $this->server = WebServer::php("{$this->folder}/public", $this->folder, ['GATEPASS_STORE' => $store]);
            self::assertSame(503, $this->server->ask('GET', '/dologin.php')[0]);
            $this->server->stop();
            self::assertStringContainsString($why, $this->server->log());
        }
        $this->server = null;
    }

    public function testNobodyIsSignedInWithoutAGoodCookie(): void
    {
        $gate = $this->store();
        self::assertNull($gate->signedIn(new Request('GET', '')));
        self::assertNull($gate->signedIn(new Request('GET', '', headers: [['Cookie', 'x=1']], peer: 'unix:')));
        self::assertNull($gate->signedIn());
    }

    public function testAStoreThatCanNotAnswerIsNotNobody(): void
    {
        $gate = $this->store();
        $gate->close();
        $this->expectException(Closed::class);
        $gate->signedIn(new Request('GET', ''));
    }

    public function testACallerWithoutAnAddressIsOnNoList(): void
    {
        $gate = $this->store();
        $gate->settings()->set('allowed_addresses', ['127.0.0.0/8']);
        foreach (['' => 'Invalid IP', 'unix:' => 'Invalid IP', '127.0.0.1' => 'credentials'] as $peer => $why) {
            $call = new Request('GET', 'includes/api.php', 'action=GetUsers', peer: $peer);
            self::assertStringContainsString($why, $gate->handle($call)->body());
        }
    }

    public function testWhoeverSignedInIsKnownByTheCookieUntilSignedOut(): void
    {
        $gate = $this->store();
        $token = $gate->issue($gate->caller(), clientId: 1)->token();
        $answer = $gate->handle(new Request('GET', 'oauth/singlesignon.php', "access_token=$token"));
        self::assertSame(303, $answer->status);
        $cookie = $this->sessionCookie($answer);
        $session = $gate->signedIn(new Request('GET', '', headers: [['Cookie', $cookie]], peer: '203.0.113.9'));
        self::assertSame([1, [1]], [$session->userId, $session->clients]);
        $out = new Request('POST', 'logout.php', headers: [['Cookie', $cookie], ['Content-Type', self::FORM]]);
        self::assertSame(303, $gate->handle($out)->status);
        self::assertNull($gate->signedIn(new Request('GET', '', headers: [['Cookie', $cookie]])));
    }

    public function testAnActionOfTheApiIsACallInProcess(): void
    {
        $gate = $this->store();
        $token = $gate->localApi('CreateSsoToken', ['client_id' => 1, 'destination' => 'clientarea:invoices']);
        self::assertSame('success', $token['result']);
        $url = self::SYSTEM_URL . '/oauth/singlesignon.php?access_token=';
        self::assertSame($url . $token['access_token'], $token['redirect_url']);
        self::assertSame(1, $gate->redeem($token['access_token'])->userId);
        $refused = $gate->localApi('createssotoken', ['client_id' => '9'], $gate->caller());
        self::assertSame(['result' => 'error', 'message' => 'Invalid client_id'], $refused);
        $this->expectException(Refused::class);
        $gate->localApi('GetClients', caller: 'nobody');
    }

    public function testNoDumpShowsWhatARequestOrAnAnswerHolds(): void
    {
        $request = new Request('GET', 'dologin.php', 'hidden', [['Cookie', 'hidden']], 'hidden');
        $response = new Response(303, [['Set-Cookie', 'hidden']], 'hidden');
        self::assertStringNotContainsString('hidden', print_r([$request, $response], true));
        $this->expectException(\LogicException::class);
        serialize($request);
    }

    private function sessionCookie(Response $answer): string
    {
        $cookies = array_filter($answer->headers(), static fn ($header) => $header[0] === 'Set-Cookie');
        $found = preg_grep('/^__Host-gp_[0-9a-f]{16}=[0-9a-f]{64};/', array_column($cookies, 1));
        self::assertCount(1, $found);
        return explode(';', reset($found))[0];
    }

    /** @param list<string> $options */
    private function echoes(array $options = []): WebServer
    {
        return $this->server ??= WebServer::php(__DIR__ . '/web', $this->folder, [], $options);
    }

    /**
     * @param list<string> $headers
     * @return array<string, mixed> What the library would be given.
     */
    private function seen(string $method, string $target, array $headers = [], string $body = ''): array
    {
        [, , $told] = $this->echoes()->ask($method, $target, $headers, $body);
        $seen = json_decode($told, true, 8, JSON_THROW_ON_ERROR);
        array_walk_recursive($seen, static fn (string &$text) => $text = hex2bin($text));
        return $seen;
    }

    /**
     * @param list<array{string, string}> $headers
     * @return list<array{string, string}>
     */
    private static function upper(array $headers): array
    {
        return array_map(static fn ($header) => [strtr(strtoupper($header[0]), '-', '_'), $header[1]], $headers);
    }

    /** @param array<string, string> $fields */
    private static function multipart(array $fields): string
    {
        $body = '';
        foreach ($fields as $name => $value) {
            $body .= "--b\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
        }
        return "$body--b--\r\n";
    }
}
