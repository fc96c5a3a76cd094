<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** The page for old AutoAuth links: what it accepts, asks, refuses and tells. */
final class WhmcsPageTest extends WhmcsCase
{
    public function testALinkSignsItsClientInOnceAndLandsWhereItSays(): void
    {
        $link = $this->site->link('ann@example.com', 'viewinvoice.php?id=5&x=a%20b');
        $answer = $this->site->get($link);
        self::assertMatchesRegularExpression(self::signOn(), $answer['headers']['location'][0] ?? $this->site->log());
        self::assertSame(303, $answer['status']);
        self::assertSame(['no-referrer'], $answer['headers']['referrer-policy']);
        self::assertSame(['no-store'], $answer['headers']['cache-control']);
        self::assertSame('', $answer['body'], 'nothing that init.php printed');
        $calls = $this->site->calls();
        self::assertSame(['GetClients', 'GetClientsDetails', 'CreateSsoToken'], array_column($calls, 0));
        self::assertSame([
            'client_id' => 1,
            'destination' => 'sso:custom_redirect',
            'sso_redirect_path' => 'viewinvoice.php?id=5&x=a%20b',
        ], $calls[2][1]);

        $this->assertRefused($this->site->get($link), 'autoauth_used');
        self::assertSame([], $this->site->calls(), 'a spent link asks WHMCS nothing');
    }

    public function testWithoutGotoTheHomePageIsLeftToWhmcs(): void
    {
        $this->assertSignsIn(1, $this->site->link('ann@example.com'));
        self::assertSame(['client_id' => 1], $this->site->calls()[2][1]);
    }

    /** @dataProvider faults */
    public function testAnAnswerThatIsNotClearSignsNobodyIn(array $state, string $why): void
    {
        $this->site->state($state);
        $answer = $this->site->get($this->site->link('ann@example.com'));
        self::assertSame(503, $answer['status']);
        self::assertArrayNotHasKey('location', $answer['headers']);
        self::assertStringContainsString($why, $this->logged($answer));
    }

    public static function faults(): array
    {
        $page = '/oauth/singlesignon.php?access_token=';
        $redirect = static fn (string $url): array => [['redirect' => $url], 'outside of the system URL'];
        return [
            'GetClients fails' => [['fails' => ['GetClients' => 'error']], 'GetClients was not answered'],
            'with an address in its message' => [['fails' => ['GetClients' => 'telling']], "with success; reference"],
            'GetClients says nothing' => [['fails' => ['GetClients' => 'null']], 'GetClients was not answered'],
            'GetClients throws' => [['fails' => ['GetClients' => 'throw']], 'PDOException at init.php:'],
            'the details fail' => [['fails' => ['GetClientsDetails' => 'error']], 'GetClientsDetails was not'],
            'no token' => [['fails' => ['CreateSsoToken' => 'error']], 'SSO authentication blocked for client 1'],
            'rows that are none' => [['lists' => 'nonsense'], "GetClients: 'clients'"],
            'ids that are none' => [['lists' => 'no ids'], "GetClients.client: 'id'"],
            'fewer rows than told' => [['total' => 2], 'not all that was found'],
            'more rows than told' => [['total' => 0], 'not all that was found'],
            'the details of another client' => [['details' => ['id' => 2]], 'told of another client'],
            'details with another address' => [['details' => ['email' => 'bob@example.com']], 'told of another client'],
            'two owners' => [['owners' => 2], 'without one owner'],
            'another owner' => [['details' => ['owner_user_id' => 900]], 'without one owner'],
            'a number below 0' => [['total' => -1], "'totalresults'"],
            'another host' => $redirect("https://evil.example/whmcs$page"),
            'a host that begins alike' => $redirect("https://billing.example.com.evil.example/whmcs$page"),
            'a user name' => $redirect("https://billing.example.com@evil.example/whmcs$page"),
            'plain http' => $redirect("http://billing.example.com/whmcs$page"),
            'another page' => $redirect('https://billing.example.com/whmcs/clientarea.php?access_token='),
            'another folder' => $redirect("https://billing.example.com$page"),
            'a line break' => $redirect("https://billing.example.com/whmcs{$page}a\r\nX: y"),
        ];
    }

    public function testALinkThatIsNotGoodAsksWhmcsNothing(): void
    {
        $link = $this->site->link('ann@example.com');
        $bad = [
            'autoauth_hash' => $this->site->link('ann@example.com', key: 'another key'),
            'autoauth_too_old' => $this->site->link('ann@example.com', age: 901),
            'autoauth_too_new' => $this->site->link('ann@example.com', age: -960),
            'invalid hash' => str_replace('hash=', 'hash=x', $link),
            'invalid email' => "$link&email=eve@example.com",
            'invalid timestamp' => preg_replace('/timestamp=/', '$0%20', $link),
            'invalid query' => $link . '&x=' . str_repeat('x', 8192),
        ];
        foreach ($bad as $why => $query) {
            $this->assertRefused($this->site->get($query), $why);
        }
        self::assertSame([], $this->site->calls());
        $this->assertSignsIn(1, $link);
    }

    public function testAHostileGotoIsRefusedAndTheLinkIsNotSpent(): void
    {
        $link = $this->site->link('ann@example.com');
        $hostile = ['https://evil.example/', '//evil.example', '/\\evil.example', 'logout.php', '../x', "a\r\nb"];
        foreach ($hostile as $goto) {
            $this->assertRefused($this->site->get("$link&goto=" . urlencode($goto)), 'invalid goto');
        }
        self::assertSame([], $this->site->calls());
        $this->assertSignsIn(1, "$link&goto=clientarea.php%3Faction%3Dinvoices");
    }

    public function testWhatNobodyAskedToSeeSpendsNothing(): void
    {
        $link = $this->site->link('ann@example.com');
        $looks = [['HEAD', []], ['GET', ['Sec-Purpose: prefetch;prerender']], ['GET', ['Purpose: prefetch']]];
        array_push($looks, ['GET', ['X-Purpose: preview']], ['GET', ['X-Moz: prefetch']]);
        array_push($looks, ['GET', ['Sec-Fetch-Dest: image']], ['GET', ['Sec-Fetch-Dest: iframe']]);
        foreach ($looks as [$method, $headers]) {
            $answer = $this->site->send($method, WhmcsSite::PAGE . "?$link", $headers);
            self::assertSame([503, ''], [$answer['status'], $answer['body']]);
            self::assertSame(['no-store'], $answer['headers']['cache-control']);
        }
        self::assertSame(405, $this->site->send('PUT', WhmcsSite::PAGE . "?$link")['status']);
        self::assertSame([], $this->site->calls());
        $this->assertSignsIn(1, $link);
    }

    /** @dataProvider signedIn */
    public function testWhoIsSignedInAlreadyIsAskedBeforeTheLinkIsSpent(array $state): void
    {
        $this->site->state($state);
        $link = $this->site->link("ann@example.com", "viewinvoice.php?id=5");
        [$fields, $cookie] = $this->asked($this->site->get($link));
        self::assertSame([], $this->site->calls());

        $answer = $this->site->post($fields, ["Cookie: $cookie"]);
        self::assertMatchesRegularExpression(self::signOn(), $answer['headers']['location'][0] ?? $this->site->log());
        $cookies = implode("\n", $answer['headers']['set-cookie']);
        self::assertStringContainsString('gatepass-confirm=; Path=/; Max-Age=0', $cookies);
        self::assertSame('viewinvoice.php?id=5', $this->site->calls()[2][1]['sso_redirect_path']);
        $this->assertRefused($this->site->post($fields, ["Cookie: $cookie"]), 'autoauth_used');
    }

    public static function signedIn(): array
    {
        return [
            'a user' => [['signedIn' => true]],
            'by a number' => [['signedIn' => 1]],
            'by something else' => [['signedIn' => 'x']],
            'an admin as a user' => [['masquerading' => true]],
        ];
    }

    public function testOnlyThePagesOwnFormIsAYes(): void
    {
        $link = $this->site->link('ann@example.com');
        foreach ([[], ['signedIn' => true]] as $state) {
            $this->site->state($state);
            [$fields, $cookie] = $this->asked($this->site->send('POST', WhmcsSite::PAGE, [
                'Content-Type: application/x-www-form-urlencoded',
            ], 'link=' . urlencode(base64_encode($link))));
            $others = str_repeat('0', 64);
            $this->asked($this->site->post($fields));
            $this->asked($this->site->post($fields, ["Cookie: __Host-gatepass-confirm=$others"]));
            $this->asked($this->site->post(['nonce' => $others] + $fields, ["Cookie: $cookie"]));
            $this->asked($this->site->post(['nonce' => ''] + $fields, ['Cookie: __Host-gatepass-confirm=']));
            $this->asked($this->site->post(['link' => $fields['link']], ["Cookie: $cookie"]));
            $this->asked($this->site->post($fields, ["Cookie: __Host-gatepass-confirm[]=$others"]));
            // Two numbers to a comparison that is not strict, and a cookie that the page never set.
            $both = ['0e' . str_repeat('1', 62) => '0e' . str_repeat('2', 62), '"><b>' => '"><b>'];
            foreach ($both as $nonce => $other) {
                $headers = ["Cookie: __Host-gatepass-confirm=$other"];
                $answer = $this->site->post(['nonce' => $nonce] + $fields, $headers);
                $this->asked($answer);
                self::assertStringNotContainsString('<b>', $answer['body']);
            }
        }
        self::assertSame([], $this->site->calls());
        $this->site->state([]);
        $this->assertSignsIn(1, $link);
    }

    public function testASecondTabDoesNotSpoilTheFirst(): void
    {
        $this->site->state(['signedIn' => true]);
        [$first, $cookie] = $this->asked($this->site->get($this->site->link('ann@example.com')));
        [, $again] = $this->asked($this->site->get($this->site->link('ann@example.com', age: 9), ["Cookie: $cookie"]));
        self::assertSame($cookie, $again);
        self::assertSame(303, $this->site->post($first, ["Cookie: $again"])['status']);
    }

    public function testItCanBeMadeToAskAlways(): void
    {
        $this->site->configure(['confirm' => 'always']);
        [$fields, $cookie] = $this->asked($this->site->get($this->site->link('ann@example.com')));
        self::assertSame(303, $this->site->post($fields, ["Cookie: $cookie"])['status']);
    }

    public function testOfManyRequestsAtOnceOneIsSignedIn(): void
    {
        $this->site->get('');
        $link = $this->site->link('ann@example.com');
        $running = [];
        for ($count = 0; $count < 12; $count++) {
            $running[] = $this->site->begin('GET', WhmcsSite::PAGE . "?$link");
        }
        $told = array_count_values(array_column(array_map(WhmcsSite::finish(...), $running), 'status'));
        ksort($told);
        self::assertSame([303 => 1, 403 => 11], $told);
        self::assertCount(3, $this->site->calls());
    }

    public function testTheReportTellsWhoStillUsesTheLinks(): void
    {
        $this->site->keyInStore('portal');
        $this->assertSignsIn(1, $this->site->link('ann@example.com', age: 40));
        $this->assertRefused($this->site->get($this->site->link('ann@example.com', age: 2000)), 'autoauth_too_old');
        $told = Php::command([PHP_BINARY, "{$this->site->root()}/gatepass/report.php", '7']);
        self::assertSame(0, $told[0], $told[1]);
        self::assertStringContainsString('AutoAuth links are accepted.', $told[1]);
        self::assertStringContainsString("       1  accepted\n", $told[1]);
        self::assertStringContainsString("       1  right hash, but autoauth_too_old\n", $told[1]);
        $key = '/^  portal: 1 links, first [-0-9 :]+, last [-0-9 :]+, 4\d to 4\d seconds old when opened$/m';
        self::assertMatchesRegularExpression($key, $told[1]);
        self::assertSame(2, Php::command([PHP_BINARY, "{$this->site->root()}/gatepass/report.php", 'x'])[0]);
        self::assertSame([404, ''], array_values(array_diff_key(
            $this->site->send('GET', '/gatepass/report.php'),
            ['headers' => 0],
        )));
    }

    public function testWhatIsSetUpWrongSignsNobodyInAndTheLogSaysWhy(): void
    {
        $link = $this->site->link('ann@example.com');
        $wrong = [
            'configuration.php has no $autoauthkey' => fn () => file_put_contents(
                "{$this->site->root()}/configuration.php",
                '<?php $autoauthkey = "";',
            ),
            "'store' must be a text" => fn () => $this->site->configure(['store' => '']),
            "'key' must be one of" => fn () => $this->site->configure(['key' => 'mine']),
            'StoreInDocumentRoot' => fn () => $this->site->configure(
                ['store' => "{$this->site->root()}/gatepass.db", 'key' => 'store'],
            ),
            'config.php is missing' => fn () => unlink("{$this->site->root()}/gatepass/config.php"),
        ];
        foreach ($wrong as $why => $make) {
            $make();
            $answer = $this->site->get($link);
            self::assertSame(503, $answer['status']);
            self::assertStringContainsString($why, $this->logged($answer));
        }
        self::assertSame([], $this->site->calls());
    }
}
