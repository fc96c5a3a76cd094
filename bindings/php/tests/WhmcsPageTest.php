<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use PHPUnit\Framework\TestCase;

/** The page for old AutoAuth links on WHMCS, run by a web server against a stand-in for `localAPI`. */
final class WhmcsPageTest extends TestCase
{
    private const SIGN_ON = WhmcsSite::SYSTEM_URL . '/oauth/singlesignon.php?access_token=';

    private WhmcsSite $site;

    protected function setUp(): void
    {
        $this->site = new WhmcsSite(Folder::make());
    }

    protected function tearDown(): void
    {
        $this->site->stop();
        Folder::remove($this->site->folder);
    }

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

    public function testTheAddressIsComparedWithoutBlanksAroundItAndAsciiCase(): void
    {
        $this->site->state(['clients' => [WhmcsSite::client(7, 'Ann.Smith+x@Example.com ', 'Inactive')]]);
        $this->assertSignsIn(7, $this->site->link('ANN.smith+x@example.COM'));
        // As scripts wrote it that did not encode the address: the `+` arrives as a blank.
        $time = time();
        $hash = sha1('ann.smith+x@example.com' . $time . WhmcsSite::KEY);
        $this->assertSignsIn(7, "goto=clientarea.php&hash=$hash&timestamp=$time&email=ann.smith+x@example.com");
        $this->site->state(['clients' => [WhmcsSite::client(8, 'josé@example.com')]]);
        $this->assertSignsIn(8, $this->site->link('josé@example.com'));
    }

    /** @dataProvider lookAlikes */
    public function testALookAlikeIsNeverSignedIn(string $signed, array $client): void
    {
        $this->site->state(['clients' => [$client]]);
        $this->assertRefused($this->site->get($this->site->link($signed)), 'no client has the address');
        self::assertSame(['GetClients'], array_column($this->site->calls(), 0));
    }

    public static function lookAlikes(): array
    {
        $client = WhmcsSite::client(...);
        $named = static fn (string $field, string $name) => $client(1, 'eve@example.com', more: [$field => $name]);
        return [
            'an accent more' => ['jose@example.com', $client(1, 'josé@example.com')],
            'an accent less' => ['josé@example.com', $client(1, 'jose@example.com')],
            'case beyond ASCII' => ['josé@example.com', $client(1, 'josÉ@example.com')],
            'an address that goes on' => ['ann@example.com', $client(1, 'ann@example.com.au')],
            'a first name' => ['ann@example.com', $named('firstname', 'ann@example.com')],
            'a last name' => ['ann@example.com', $named('lastname', 'ann@example.com')],
            'a company' => ['ann@example.com', $named('companyname', 'ann@example.com x')],
        ];
    }

    /** The tests above would prove nothing if the stand-in told addresses apart by itself. */
    public function testTheStandInTakesLookAlikesForTheAddress(): void
    {
        foreach (self::lookAlikes() as $name => [$signed, $client]) {
            $this->site->state(['clients' => [$client]]);
            $code = 'require "' . $this->site->root() . '/init.php"; ob_end_clean();'
                . 'echo localAPI("GetClients", ["search" => ' . var_export($signed, true) . '])["totalresults"];';
            self::assertSame('1', Php::run($code), $name);
        }
    }

    public function testALookAlikeBesideTheClientDoesNotHinder(): void
    {
        $others = [];
        for ($id = 1; $id <= 60; $id++) {
            $others[] = WhmcsSite::client($id, "josé@example.com.$id");
        }
        $clients = [...$others, WhmcsSite::client(61, 'jose@example.com'), WhmcsSite::client(62, 'josé@example.com')];
        $this->site->state(['clients' => $clients, 'page' => 25]);
        $this->assertSignsIn(62, $this->site->link('josé@example.com'));
        $searches = array_column(array_slice($this->site->calls(), 0, 3), 1);
        self::assertSame([0, 25, 50], array_column($searches, 'limitstart'));
    }

    public function testTwoClientsWithTheAddressAreRefusedWhereverTheyStand(): void
    {
        $between = array_map(static fn ($id) => WhmcsSite::client($id, "ann@example.com.$id"), range(2, 40));
        $second = WhmcsSite::client(99, 'Ann@Example.com', 'Closed');
        $clients = [WhmcsSite::client(1, 'ann@example.com'), ...$between, $second];
        foreach ([25, 1000] as $page) {
            $this->site->state(['clients' => $clients, 'page' => $page]);
            $answer = $this->site->get($this->site->link('ann@example.com', age: $page % 7));
            $this->assertRefused($answer, 'several clients');
            self::assertNotContains('CreateSsoToken', array_column($this->site->calls(), 0));
        }
    }

    public function testAClosedClientIsRefused(): void
    {
        foreach (['Closed', 'Pending', 'active', ''] as $age => $status) {
            $this->site->state(['clients' => [WhmcsSite::client(1, 'ann@example.com', $status)]]);
            $answer = $this->site->get($this->site->link('ann@example.com', age: $age));
            $this->assertRefused($answer, 'client 1 is neither');
        }
    }

    public function testAClientWhoseOwnerHasAnotherAddressIsRefused(): void
    {
        $owner = ['owner' => ['id' => 5, 'email' => 'boss@example.com']];
        $this->site->state(['clients' => [WhmcsSite::client(1, 'ann@example.com', more: $owner)]]);
        $this->assertRefused($this->site->get($this->site->link('ann@example.com')), 'owner with another address');
    }

    /** @dataProvider shapes */
    public function testEveryShapeOfAnswerIsUnderstood(string $lists, string $types): void
    {
        $shape = ['lists' => $lists, 'types' => $types];
        $this->site->state($shape);
        $this->assertSignsIn(1, $this->site->link('ann@example.com'));
        $this->site->state($shape + ['clients' => [WhmcsSite::client(1, 'bob@example.com')]]);
        $this->assertRefused($this->site->get($this->site->link('ann@example.com', age: 1)), 'no client has');
        $ann = static fn ($id) => WhmcsSite::client($id, 'ann@example.com');
        $this->site->state($shape + ['clients' => [$ann(1), $ann(2)]]);
        $this->assertRefused($this->site->get($this->site->link('ann@example.com', age: 2)), 'several clients');
    }

    public static function shapes(): iterable
    {
        foreach (['nested', 'flat', 'numbered', 'object', 'single', 'missing', 'text', 'inner text'] as $lists) {
            foreach (['plain', 'texts'] as $types) {
                yield "$lists, $types" => [$lists, $types];
            }
        }
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
            'another host' => $redirect("https://evil.example/whmcs$page"),
            'a host that begins alike' => $redirect("https://billing.example.com.evil.example/whmcs$page"),
            'a user name' => $redirect("https://billing.example.com@evil.example/whmcs$page"),
            'plain http' => $redirect("http://billing.example.com/whmcs$page"),
            'another page' => $redirect('https://billing.example.com/whmcs/clientarea.php?access_token='),
            'another folder' => $redirect("https://billing.example.com$page"),
            'a line break' => $redirect("https://billing.example.com/whmcs{$page}a\r\nX: y"),
        ];
    }

    public function testASearchThatFindsFarTooManyIsGivenUpAtOnce(): void
    {
        $this->site->state(['total' => 10_001]);
        $answer = $this->site->get($this->site->link('ann@example.com'));
        self::assertStringContainsString('not all that was found', $this->logged($answer));
        self::assertCount(1, $this->site->calls());
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

    public function testALooksAheadSpendsNothing(): void
    {
        $link = $this->site->link('ann@example.com');
        $looks = [['HEAD', []], ['GET', ['Sec-Purpose: prefetch;prerender']], ['GET', ['Purpose: prefetch']]];
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

    /** Take one check away, and a test above must notice: otherwise the stand-in hides what it is there to show. */
    public function testEachCheckIsNeeded(): void
    {
        $ann = static fn ($id, $more = []) => WhmcsSite::client($id, 'ann@example.com', more: $more);
        $owner = ['owner' => ['id' => 5, 'email' => 'boss@example.com']];
        $same = 'self::plain($one) === self::plain($other)';
        $statuses = "['Active', 'Inactive']";
        $faults = [
            ['Address.php', $same, 'true', [WhmcsSite::client(1, 'ann@example.com.au')]],
            ['Client.php', 'count($same) !== 1', '$same === []', [$ann(1), $ann(2)]],
            ['Client.php', $statuses, "['Active', 'Closed']", [$ann(1, ['status' => 'Closed'])]],
            ['Client.php', '!Address::same(self::ownersAddress($client), $address)', 'false', [$ann(1, $owner)]],
        ];
        foreach ($faults as $age => [$file, $check, $fault, $clients]) {
            $this->site->state(['clients' => $clients]);
            $path = "{$this->site->root()}/gatepass/classes/$file";
            $good = file_get_contents($path);
            self::assertSame(1, substr_count($good, $check), $check);
            $links = [403 => $this->site->link('ann@example.com', age: 2 * $age)];
            $links[303] = $this->site->link('ann@example.com', age: 2 * $age + 1);
            foreach ($links as $status => $link) {
                self::assertSame($status, $this->site->get($link)['status'], $check);
                file_put_contents($path, str_replace($check, $fault, $good));
            }
            file_put_contents($path, $good);
        }
    }

    private function assertSignsIn(int $client, string $link): void
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
    private function assertRefused(array $answer, string $why): void
    {
        self::assertSame(403, $answer['status'], "$why: {$answer['body']}" . $this->site->log());
        self::assertArrayNotHasKey('location', $answer['headers']);
        self::assertStringContainsString($why, $this->logged($answer));
    }

    /** The line of the log under the number that the page shows. Neither holds what is secret. */
    private function logged(array $answer): string
    {
        self::assertSame(1, preg_match('/this number: (\S+)</', $answer['body'], $found), $answer['body']);
        self::assertStringContainsString("default-src 'none'", $answer['headers']['content-security-policy'][0]);
        self::assertStringNotContainsString('printed by init.php', $answer['body']);
        $lines = preg_grep('/reference ' . preg_quote($found[1], '/') . '$/', explode("\n", $this->site->log()));
        self::assertCount(1, $lines, $this->site->log());
        foreach (['@example', WhmcsSite::KEY, 'hash='] as $secret) {
            self::assertStringNotContainsString($secret, $answer['body'] . $this->site->log());
        }
        return reset($lines);
    }

    /**
     * The answer is the confirm page.
     *
     * @return array{array<string, string>, string} Its form's fields, and its cookie.
     */
    private function asked(array $answer): array
    {
        self::assertSame(200, $answer['status'], $answer['body'] . $this->site->log());
        self::assertStringNotContainsString('ann', preg_replace('/value="[^"]*"/', '', $answer['body']));
        self::assertStringContainsString(WhmcsSite::SYSTEM_URL . WhmcsSite::PAGE, $answer['body']);
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

    private static function signOn(): string
    {
        return '~\A' . preg_quote(self::SIGN_ON, '~') . '[0-9a-f]{40}\z~';
    }
}
