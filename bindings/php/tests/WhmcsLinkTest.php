<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\AccountChange;
use Gatepass\Gatepass;

/** The page that opens sign-in links of e-mails on WHMCS: whom it asks, signs in and refuses. */
final class WhmcsLinkTest extends WhmcsCase
{
    public function testALinkAsksAndItsFormSignsItsClientInByWhmcs(): void
    {
        $link = $this->site->mailLink();
        $page = $this->look($link);
        self::assertSame(200, $page['status'], $this->site->log());
        self::assertStringContainsString('<h1>Continue as First Last?</h1>', $page['body']);
        self::assertStringContainsString('<strong>invoice &lt;5&gt;</strong>', $page['body']);
        self::assertSame(['GetClientsDetails'], array_column($this->site->calls(), 0));

        $answer = $this->press($page);
        self::assertSame(303, $answer['status'], $this->site->log());
        self::assertMatchesRegularExpression(self::signOn(), $answer['headers']['location'][0]);
        self::assertSame(['no-store'], $answer['headers']['cache-control']);
        $calls = $this->site->calls();
        self::assertSame(['GetClientsDetails', 'CreateSsoToken'], array_column($calls, 0));
        self::assertSame([
            'client_id' => 1,
            'destination' => 'sso:custom_redirect',
            'sso_redirect_path' => 'viewinvoice.php?id=5',
        ], $calls[1][1]);

        $this->assertGone($this->look($link), 'link_used', 'used already');
        $this->assertGone($this->press($page), 'link_used', 'used already');
        self::assertSame([], $this->site->calls(), 'a used link asks WHMCS nothing');
    }

    public function testProgramsThatLookIntoMailboxesUseNothing(): void
    {
        $link = $this->site->mailLink();
        foreach ([['HEAD', []], ['GET', ['Sec-Purpose: prefetch']], ['GET', ['Sec-Fetch-Dest: image']]] as $look) {
            $answer = $this->site->send($look[0], WhmcsSite::LINK_PAGE . "?$link", $look[1]);
            self::assertSame([503, ''], [$answer['status'], $answer['body']]);
        }
        self::assertSame(405, $this->site->send('PUT', WhmcsSite::LINK_PAGE . "?$link")['status']);
        self::assertSame([], $this->site->calls());
        for ($robots = 0; $robots < 5; $robots++) {
            self::assertSame(200, $this->look($robots % 2 === 0 ? $link : strtoupper($link) . '=&utm_source=x')['status']);
        }
        $page = $this->look($link);
        // Another site can make a browser send the form, but neither knows the nonce nor brings its cookie.
        foreach ([[], ['nonce' => str_repeat('0', 64)]] as $guess) {
            $fields = $guess + ['link' => $this->asked($page, WhmcsSite::LINK_PAGE)[0]['link']];
            self::assertSame(200, $this->send($fields)['status'], 'asked again');
        }
        self::assertSame(303, $this->press($page)['status'], $this->site->log());
    }

    public function testWhoIsNoLongerAllowedInIsNotSignedInAndTheUseIsKept(): void
    {
        $link = $this->site->mailLink();
        $page = $this->look($link);
        $this->site->state(['clients' => [WhmcsSite::client(1, 'ann@example.com', 'Closed')]]);
        foreach ([$this->look($link), $this->press($page)] as $answer) {
            $this->assertRefused($answer, 'neither Active nor Inactive');
        }
        $this->site->state(['fails' => ['GetClientsDetails' => 'throw']]);
        self::assertSame(503, $this->press($page)['status']);
        $this->site->state([]);
        self::assertSame(303, $this->press($page)['status'], $this->site->log());
    }

    public function testAFailureOfWhmcsAfterTheUseIsToldByItsNumber(): void
    {
        $page = $this->look($this->site->mailLink());
        $this->site->state(['fails' => ['CreateSsoToken' => 'error']]);
        $answer = $this->press($page);
        self::assertSame(503, $answer['status']);
        self::assertStringContainsString('CreateSsoToken was not answered', $this->logged($answer));
    }

    public function testAnEndedLinkSaysSoToItsHolderAndAStrangerIsToldNothing(): void
    {
        $revoked = $this->site->mailLink(label: 'reminder');
        $outdated = $this->site->mailLink();
        $gate = Gatepass::open($this->site->store(), kept: false);
        $gate->links()->revoke(label: 'reminder');
        $gate->links()->accountChanged(AccountChange::Email, clientId: 1);
        $gate->close();
        $this->assertGone($this->look($revoked), 'link_revoked', 'no longer valid');
        $this->assertGone($this->look($outdated), 'link_outdated', 'was changed since');
        foreach (['', 'x', str_repeat('a', 32), "$revoked$outdated", "$revoked&$outdated"] as $none) {
            $answer = $this->look($none);
            self::assertSame(403, $answer['status'], $none);
            self::assertStringNotContainsString('This link', $answer['body']);
        }
        self::assertSame([], $this->site->calls());
    }

    private function look(string $link): array
    {
        return $this->site->send('GET', WhmcsSite::LINK_PAGE . "?$link");
    }

    /** Press the button of a page that asks. */
    private function press(array $page): array
    {
        [$fields, $cookie] = $this->asked($page, WhmcsSite::LINK_PAGE);
        return $this->send($fields, ["Cookie: $cookie"]);
    }

    private function send(array $fields, array $headers = []): array
    {
        return $this->site->post($fields, $headers, WhmcsSite::LINK_PAGE);
    }

    private function assertGone(array $answer, string $why, string $told): void
    {
        self::assertSame(410, $answer['status'], $answer['body']);
        self::assertStringContainsString($told, $answer['body']);
        self::assertStringNotContainsString('First', $answer['body']);
        self::assertStringContainsString($why, $this->logged($answer));
    }
}
