<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use Gatepass\LinkEnd;

/** Links in the mails of WHMCS: who gets one, how it opens, and what ends it. */
final class WhmcsMailLinksTest extends WhmcsCase
{
    private const URL = WhmcsSite::SYSTEM_URL . '/signin.php?';

    public function testTheLinkOfAnInvoicesMailShowsTheInvoiceAfterAClick(): void
    {
        $link = $this->mailed('Invoice Created', 5);
        self::assertSame(['GetInvoice', 'GetClientsDetails', 'GetContacts'], array_column($this->site->calls(), 0));
        [$fields, $cookie] = $this->asks($this->open($link));
        self::assertSame([], $this->site->calls(), 'to look at a link asks WHMCS nothing');

        $answer = $this->send($fields, $cookie);
        self::assertMatchesRegularExpression(self::signOn(), $answer['headers']['location'][0] ?? $this->site->log());
        self::assertSame([303, ''], [$answer['status'], $answer['body']]);
        self::assertSame([['GetClientsDetails', ['clientid' => 1]], ['CreateSsoToken', [
            'client_id' => 1,
            'user_id' => 101,
            'destination' => 'sso:custom_redirect',
            'sso_redirect_path' => 'viewinvoice.php?id=5',
        ]]], $this->site->calls());
        self::assertStringContainsString(
            'gatepass-confirm=; Path=/; Max-Age=0',
            implode("\n", $answer['headers']['set-cookie']),
        );
        [$seen] = $this->gate()->links()->list();
        self::assertSame([1, 3], [$seen->used, $seen->uses]);
        self::assertSame(['Invoice Created', 'invoice 5'], [$seen->label, $seen->title]);
        $events = $this->gate()->links()->explain($seen->reference)->events;
        self::assertSame(['link.created' => null, 'link.opened' => '127.0.0.1'], array_column($events, 'address', 'event'));
    }

    public function testTheTitleOfALinkIsTextAndNeverMarkup(): void
    {
        $gate = $this->gate();
        $made = $gate->createLink($gate->caller(), 101, 1, title: '<b>"5"</b>');
        $page = $this->open($made->link());
        $this->asks($page);
        self::assertStringContainsString('see &lt;b&gt;&quot;5&quot;&lt;/b&gt;?', $page['body']);
        self::assertStringNotContainsString('<b>', $page['body']);
    }

    public function testProgramsThatLookIntoMailboxesUseNothingUp(): void
    {
        $link = $this->mailed('Invoice Created', 5);
        for ($times = 0; $times < 5; $times++) {
            $this->asks($this->open("$link&utm_source=mail"));
            self::assertSame(503, $this->site->send('HEAD', "/signin.php?$link")['status']);
            $prefetch = ['Sec-Purpose: prefetch'];
            self::assertSame(503, $this->site->send('GET', "/signin.php?$link", $prefetch)['status']);
        }
        // A form of another site's has neither the cookie nor its nonce.
        [$fields, $cookie] = $this->asks($this->open($link));
        $this->asks($this->send($fields, '__Host-gatepass-confirm=' . str_repeat('0', 64)));
        $this->asks($this->send(['link' => $fields['link']], $cookie));
        self::assertSame([], array_filter($this->site->calls(), static fn ($call) => $call[0] === 'CreateSsoToken'));
        self::assertSame(0, $this->gate()->links()->list()[0]->used);
    }

    public function testALinkWorksAsOftenAsItMayAndNoMore(): void
    {
        $link = $this->mailed('Invoice Payment Reminder', 6);
        [$fields, $cookie] = $this->asks($this->open($link));
        for ($use = 0; $use < 3; $use++) {
            self::assertSame(303, $this->send($fields, $cookie)['status'], $this->site->log());
        }
        $this->assertRefusedLink($this->send($fields, $cookie), 'link_used', 'used already');
        $this->assertRefusedLink($this->open($link), 'link_used', 'used already');
        $this->assertRefusedLink($this->open(str_repeat('a', 32)), 'link_unknown');
        $this->assertRefusedLink($this->open(''), 'link_unknown');
    }

    public function testWhenWhmcsFailsTheLinkIsGoodForAnotherTry(): void
    {
        [$fields, $cookie] = $this->asks($this->open($this->mailed('Invoice Created', 5)));
        $states = [
            'blocked for client 1' => ['fails' => ['CreateSsoToken' => 'error']],
            'PDOException at init.php:' => ['fails' => ['CreateSsoToken' => 'throw']],
            'outside of the system URL' => ['redirect' => 'https://evil.example/oauth/singlesignon.php?access_token='],
        ];
        foreach ($states as $why => $state) {
            $this->site->state($state);
            $answer = $this->send($fields, $cookie);
            self::assertSame(503, $answer['status']);
            self::assertStringContainsString($why, $this->logged($answer));
        }
        $this->site->state([]);
        self::assertSame(303, $this->send($fields, $cookie)['status']);
        self::assertSame(1, $this->gate()->links()->list()[0]->used);
    }

    /** @dataProvider later */
    public function testWhoIsNoLongerAllowedInIsNotSignedInAndTheUseIsKept(array $client, string $why): void
    {
        [$fields, $cookie] = $this->asks($this->open($this->mailed('Invoice Created', 5)));
        $this->site->state(['clients' => [$client]]);
        $this->assertRefusedLink($this->send($fields, $cookie), $why);
        $this->site->state([]);
        self::assertSame(303, $this->send($fields, $cookie)['status']);
        self::assertSame(1, $this->gate()->links()->list()[0]->used);
    }

    public static function later(): array
    {
        $ann = static fn (string $status = 'Active', array $more = []) =>
            WhmcsSite::client(1, 'ann@example.com', $status, $more);
        $another = ['owner' => ['id' => 5, 'email' => 'ann@example.com']];
        $elsewhere = ['owner' => ['id' => 101, 'email' => 'bob@example.com']];
        return [
            'closed' => [$ann('Closed'), 'neither Active nor Inactive'],
            'with another owner' => [$ann('Active', $another), 'another owner'],
            'with an owner elsewhere' => [$ann('Active', $elsewhere), 'owner with another address'],
        ];
    }

    /** @dataProvider changes */
    public function testAChangeOfAddressOrPasswordEndsTheLinks(string $hook, array $told, LinkEnd $end): void
    {
        $link = $this->mailed('Invoice Created', 5);
        [$fields, $cookie] = $this->asks($this->open($link));
        self::assertSame([], $this->site->hook($hook, $told));
        $this->assertRefusedLink($this->open($link), 'link_outdated', 'password was changed since');
        $this->assertRefusedLink($this->send($fields, $cookie), 'link_outdated', 'password was changed since');
        self::assertSame($end, $this->gate()->links()->list()[0]->endedBy);
    }

    public static function changes(): array
    {
        $new = ['email' => 'ann@example.org', 'olddata' => ['email' => 'ann@example.com']];
        $password = ['password' => 'a new one'];
        return [
            "the client's address" => ['ClientEdit', ['userid' => 1] + $new, LinkEnd::EmailChanged],
            "the user's address" => ['UserEdit', ['user_id' => 101] + $new, LinkEnd::EmailChanged],
            'an address that is not told' => ['ClientEdit', ['userid' => '1'], LinkEnd::EmailChanged],
            "the user's password" => ['UserChangePassword', ['userid' => 101] + $password, LinkEnd::PasswordChanged],
            "the client's password" => ['ClientChangePassword', ['userid' => 1] + $password, LinkEnd::PasswordChanged],
        ];
    }

    public function testWhatChangesNeitherOrIsSomebodyElsesEndsNothing(): void
    {
        $link = $this->mailed('Invoice Created', 5);
        $same = ['email' => 'Ann@example.com ', 'olddata' => ['email' => 'ann@example.com']];
        $this->site->hook('ClientEdit', ['userid' => 1, 'firstname' => 'Anne'] + $same);
        $this->site->hook('UserEdit', ['user_id' => 101] + $same);
        $this->site->hook('UserChangePassword', ['userid' => 1, 'password' => 'x']);
        $this->site->hook('ClientChangePassword', ['userid' => 101, 'password' => 'x']);
        $this->asks($this->open($link));
    }

    /** @dataProvider without */
    public function testAMailThatOthersMayReadOrThatIsNotUnderstoodGoesOutWithoutALink(array $state, string $why): void
    {
        $this->site->state($state);
        self::assertSame([], $this->site->hook('EmailPreSend', ['messagename' => 'Invoice Created', 'relid' => 5]));
        self::assertStringContainsString($why, $this->site->log());
        self::assertStringNotContainsString('@example', $this->site->log());
        self::assertSame([], $this->gate()->links()->list());
    }

    public static function without(): array
    {
        $client = static fn (array $more, string $status = 'Active') => ['clients' => [
            WhmcsSite::client(1, 'ann@example.com', $status, $more),
        ]];
        $contact = static fn (string $copy) => ['id' => 3, 'email' => 'cfo@example.com', 'invoiceemails' => $copy];
        return [
            'an owner elsewhere' => [$client(['owner' => ['id' => 5, 'email' => 'b@example.com']]), 'another address'],
            'a closed client' => [$client([], 'Closed'), 'neither Active nor Inactive'],
            'a contact who reads along' => [['contacts' => [$contact('0'), $contact('1')]], 'gets a copy'],
            'contacts that were not told' => [['contacts' => [$contact('0')], 'total contacts' => 2], 'not all'],
            'no answer' => [['fails' => ['GetInvoice' => 'null']], 'GetInvoice was not answered'],
            'an answer with an address' => [['fails' => ['GetClientsDetails' => 'telling']], 'with success'],
            'a fault' => [['fails' => ['GetContacts' => 'throw']], 'PDOException at init.php:'],
        ];
    }

    public function testOtherMailsAskNothingAndGetNoLink(): void
    {
        self::assertSame([], $this->site->hook('EmailPreSend', ['messagename' => 'Password Reset', 'relid' => 5]));
        self::assertSame([], $this->site->hook('EmailPreSend', ['messagename' => 0, 'relid' => 5]));
        self::assertSame([], $this->site->calls());
        $this->site->state(['contacts' => [['id' => 3, 'invoiceemails' => '0']]]);
        $this->mailed('Third Invoice Overdue Notice', '5');
    }

    public function testAHookThatIsSetUpWrongDisturbsNothing(): void
    {
        $this->site->configure(['mail_credential' => 'nobody']);
        self::assertSame([], $this->site->hook('EmailPreSend', ['messagename' => 'Invoice Created', 'relid' => 5]));
        unlink("{$this->site->root()}/gatepass/config.php");
        self::assertSame([], $this->site->hook('UserChangePassword', ['userid' => 101, 'password' => 'x']));
        self::assertStringContainsString('config.php is missing', $this->site->log());
        self::assertSame(503, $this->open('x')['status']);
    }

    /** The link that a mail gets: what stands behind the `?`. */
    private function mailed(string $template, int|string $invoice): string
    {
        $fields = $this->site->hook('EmailPreSend', ['messagename' => $template, 'relid' => $invoice]);
        self::assertSame(['gatepass_invoice_link'], array_keys($fields), $this->site->log());
        self::assertStringStartsWith(self::URL, $fields['gatepass_invoice_link']);
        return substr($fields['gatepass_invoice_link'], strlen(self::URL));
    }

    /** @return array{array<string, string>, string} */
    private function asks(array $answer): array
    {
        return $this->form($answer, '/signin.php');
    }

    private function open(string $link): array
    {
        return $this->site->send('GET', "/signin.php?$link");
    }

    private function send(array $fields, string $cookie): array
    {
        $headers = ["Cookie: $cookie", 'Content-Type: application/x-www-form-urlencoded'];
        return $this->site->send('POST', '/signin.php', $headers, http_build_query($fields));
    }

    private function gate(): Gatepass
    {
        return Gatepass::open($this->site->store(), kept: false);
    }

    /** @param string $told What the page says of the link; nothing unless its holder may know. */
    private function assertRefusedLink(array $answer, string $why, string $told = '<p> <a'): void
    {
        $this->assertRefused($answer, $why);
        self::assertStringContainsString($told, $answer['body']);
        self::assertStringContainsString('gatepass signin: refused', $this->logged($answer));
    }
}
