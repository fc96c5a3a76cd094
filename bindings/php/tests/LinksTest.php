<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use DateTimeImmutable;
use Gatepass\AccountChange;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\LinkEnd;
use Gatepass\LinkState;
use Gatepass\Mode;
use Gatepass\Model\CreatedLink;
use Gatepass\Model\Limits;
use Gatepass\Origin;
use Gatepass\Reason;
use Gatepass\Web\Request;
use Gatepass\Web\Response;

/** Sign-in links, from making one to the report of its mailing. */
final class LinksTest extends StoreCase
{
    private const PAGE = 'viewinvoice.php?id=5';

    private Gatepass $gate;

    protected function setUp(): void
    {
        parent::setUp();
        $this->gate = $this->store();
    }

    public function testALinkIsMailedOpenedOnceAndItsTokenSignsIn(): void
    {
        $made = $this->invoice(life: 3600);
        self::assertSame(self::SYSTEM_URL . '/signin.php?' . $made->link(), $made->url());
        self::assertMatchesRegularExpression('/\A[a-z2-7]{32}\z/', $made->link());
        self::assertMatchesRegularExpression('/\A[0-9a-f]{24}\z/', $made->reference);
        self::assertSame([1, 1], [$made->userId, $made->clientId]);
        self::assertEqualsWithDelta(3600, (float) $made->expiresAt->format('U.v') - microtime(true), 5);

        $opened = $this->gate->openLink($made->url(), address: '203.0.113.9');
        self::assertSame([$made->reference, 1, 1, 0], [
            $opened->reference,
            $opened->userId,
            $opened->clientId,
            $opened->usesLeft,
        ]);
        self::assertStringEndsWith("/oauth/singlesignon.php?access_token={$opened->token()}", $opened->redirectUrl());
        self::assertSame(self::SYSTEM_URL . '/' . self::PAGE, $opened->landingUrl);
        self::assertEqualsWithDelta(60, (float) $opened->expiresAt->format('U.v') - microtime(true), 5);
        self::assertSame([], $opened->unchecked);
        self::assertSame($opened->landingUrl, $this->gate->redeem($opened->token())->landingUrl);
        $this->assertRefused(Reason::LinkUsed, fn () => $this->gate->openLink($made->link()));
    }

    public function testThePagesOwnFormOpensTheLinkIntoASession(): void
    {
        $made = $this->invoice(title: 'invoice 5');
        $page = $this->gate->handle(new Request('GET', 'signin.php', $made->link()));
        self::assertSame(200, $page->status);
        self::assertStringContainsString('invoice 5', $page->body());
        self::assertSame(0, $this->gate->inspectLink($made->link())->used);
        preg_match_all('/<input [^>]*name="(\w+)" value="([^"]*)"/', $page->body(), $fields);
        $answer = $this->gate->handle(new Request(
            'POST',
            'signin.php',
            headers: [['Cookie', self::cookie($page)], ['Content-Type', 'application/x-www-form-urlencoded']],
            body: http_build_query(array_combine($fields[1], $fields[2])),
        ));
        $location = array_column($answer->headers(), 1, 0)['Location'] ?? null;
        self::assertSame([303, self::SYSTEM_URL . '/' . self::PAGE], [$answer->status, $location]);
        $signedIn = $this->gate->signedIn(new Request('GET', '', headers: [['Cookie', self::cookie($answer)]]));
        self::assertSame([1, Origin::Token], [$signedIn->userId, $signedIn->origin]);
        self::assertSame(1, $this->gate->inspectLink($made->link())->used);
    }

    public function testToLookAtALinkChangesNothing(): void
    {
        $made = $this->invoice(uses: 2, label: 'reminder', title: 'invoice 5', endSiblings: true, actor: 'cron');
        foreach ([$made->link(), strtoupper($made->link()), $made->url() . '=', $made->reference] as $name) {
            $seen = $this->gate->inspectLink($name, address: '203.0.113.9');
            self::assertSame([LinkState::Live, null, 0], [$seen->state, $seen->refusal, $seen->used]);
        }
        self::assertSame($made->reference, $seen->reference);
        self::assertSame([1, 1, 'sso:custom_redirect', self::PAGE], [
            $seen->userId,
            $seen->clientId,
            $seen->destination,
            $seen->landing,
        ]);
        self::assertSame(['invoice 5', 'reminder', 'cron', 2, true], [
            $seen->title,
            $seen->label,
            $seen->actor,
            $seen->uses,
            $seen->endSiblings,
        ]);
        self::assertEquals($made->expiresAt, $seen->expiresAt);
        self::assertEqualsWithDelta(86400, $seen->expiresAt->getTimestamp() - $seen->createdAt->getTimestamp(), 1);
        self::assertSame($this->gate->caller()->credentialId, $seen->credentialId);
        self::assertSame([null, null, null, null], [
            $seen->firstOpenedAt,
            $seen->lastOpenedAt,
            $seen->endedAt,
            $seen->endedBy,
        ]);
        self::assertSame(1, $this->gate->openLink($made->link(), address: '203.0.113.9')->usesLeft);
        $seen = $this->gate->inspectLink($made->link());
        self::assertSame([1, LinkState::Live], [$seen->used, $seen->state]);
        self::assertEquals($seen->firstOpenedAt, $seen->lastOpenedAt);
        usleep(2000);
        $this->gate->openLink($made->link());
        $seen = $this->gate->inspectLink($made->link());
        self::assertGreaterThan($seen->firstOpenedAt, $seen->lastOpenedAt);
        $events = $this->gate->links()->explain($made->reference)->events;
        self::assertSame([null, '203.0.113.9', null], array_column($events, 'address'));
        $this->assertField('address', fn () => $this->gate->inspectLink($made->link(), address: 'nowhere'));
        $made = $this->invoice();
        $this->gate->users()->disable(1);
        self::assertSame(Reason::UserDisabled, $this->gate->inspectLink($made->link())->refusal);
    }

    public function testALinkLeadsToTheServiceOrDomainThatItWasMadeFor(): void
    {
        foreach (['product_details' => ['serviceId' => 7], 'domain_details' => ['domainId' => 8]] as $page => $item) {
            $made = $this->gate->createLink($this->gate->caller(), 1, 1, "clientarea:$page", ...$item);
            self::assertStringEndsWith('id=' . reset($item), $this->gate->inspectLink($made->reference)->landing);
        }
    }

    public function testWhatIsNoLinkIsRefusedAsAnUnknownOne(): void
    {
        foreach ([str_repeat('a', 32), 'x', '', self::SYSTEM_URL . '/signin.php?', str_repeat('é', 5000)] as $text) {
            $this->assertRefused(Reason::LinkUnknown, fn () => $this->gate->openLink($text));
            $this->assertRefused(Reason::LinkUnknown, fn () => $this->gate->inspectLink($text));
        }
    }

    public function testEachEndIsToldToWhoeverOpensTheLink(): void
    {
        $links = $this->gate->links();
        $revoked = $this->invoice();
        self::assertSame(1, $links->revoke($revoked->url()));
        $this->assertEnded($revoked, Reason::LinkRevoked, LinkState::Revoked, LinkEnd::Revoked);

        [$first, $second] = [$this->invoice(label: 'due', endSiblings: true), $this->invoice(label: 'due')];
        $this->gate->openLink($first->link());
        $this->assertEnded($second, Reason::LinkSuperseded, LinkState::Superseded, LinkEnd::Superseded);

        $changed = $this->invoice();
        self::assertSame('ann@example.org', $this->gate->users()->setEmail(1, 'Ann@Example.org')->email);
        $this->assertEnded($changed, Reason::LinkOutdated, LinkState::Outdated, LinkEnd::EmailChanged);
        $changed = $this->invoice();
        self::assertSame(1, $links->accountChanged(AccountChange::Password, clientId: 1));
        $this->assertEnded($changed, Reason::LinkOutdated, LinkState::Outdated, LinkEnd::PasswordChanged);
        $changed = $this->invoice();
        self::assertSame(1, $links->accountChanged(AccountChange::Email, userId: 1));
        $this->assertEnded($changed, Reason::LinkOutdated, LinkState::Outdated, LinkEnd::EmailChanged);

        [$one, $two, $three] = [$this->invoice(), $this->invoice(label: 'offer'), $this->invoice()];
        self::assertSame([1, 1, 1], [
            $links->revoke($one->reference),
            $links->revoke(label: 'offer'),
            $links->revoke(clientId: 1),
        ]);
        $this->assertEnded($three, Reason::LinkRevoked, LinkState::Revoked, LinkEnd::Revoked);
        $this->invoice();
        self::assertSame(1, $links->revoke(credentialId: $this->gate->caller()->credentialId));
        self::assertSame(0, $links->revoke(userId: 1));
        $this->assertField('link', static fn () => $links->revoke());
        $this->assertField('user_id', static fn () => $links->accountChanged(AccountChange::Email));
        $this->assertRefused(Reason::LinkUsed, static fn () => $links->revoke($first->link()));
    }

    public function testAListHasEveryLinkAndTheGeneratorTurnsThePages(): void
    {
        $links = $this->gate->links();
        $caller = $this->gate->caller();
        for ($count = 0; $count < 1002; $count++) {
            $this->gate->createLink($caller, clientId: 1, label: 'offer');
        }
        $this->gate->openLink($this->invoice(label: 'due')->link());
        self::assertSame([LinkState::Used], array_column($links->list(label: 'due'), 'state'));
        self::assertSame([], $links->list(label: 'due', live: true));
        self::assertSame([], $links->list(userId: 9));
        self::assertCount(2, $links->list(clientId: 1, credentialId: $caller->credentialId, limit: 2));
        $names = array_column(iterator_to_array($links->each(live: true), false), 'reference');
        self::assertCount(1002, array_unique($names));
        self::assertCount(1, iterator_to_array($links->each(label: 'due'), false));
        self::assertSame([], iterator_to_array($links->each(userId: 9), false));
    }

    public function testTheStoryAndTheReportTellWhatBecameOfAMailing(): void
    {
        $made = $this->invoice(label: 'due', uses: 2);
        $this->gate->openLink($made->link(), address: '203.0.113.9');
        $this->gate->openLink($made->link());
        $this->assertRefused(Reason::LinkUsed, fn () => $this->gate->openLink($made->link()));
        $this->invoice(label: 'due');
        $this->gate->links()->revoke($this->invoice(label: 'due')->reference);

        $told = $this->gate->links()->explain($made->url());
        self::assertSame([$made->reference, Reason::LinkUsed], [$told->link->reference, $told->link->refusal]);
        self::assertContains('link.opened', array_column($told->events, 'event'));
        self::assertStringContainsString('opened for token', implode("\n", $told->story));
        $this->assertRefused(Reason::LinkUnknown, fn () => $this->gate->links()->explain(str_repeat('a', 24)));

        $report = $this->gate->links()->report('due', days: 7);
        self::assertSame([3600, 1], [$report->stepSeconds, count($report->labels)]);
        self::assertGreaterThan($report->from, $report->to);
        [$row] = $report->labels;
        self::assertSame(['due', 3, 1, 2, 0], [
            $row->label,
            $row->created,
            $row->opened,
            $row->openings,
            $row->expired,
        ]);
        self::assertSame([1, 1, 0, 0], [$row->live, $row->revoked, $row->superseded, $row->outdated]);
        self::assertSame([[Reason::LinkUsed, 1]], [[$row->refused[0]->reason, $row->refused[0]->count]]);
        self::assertSame([], $row->notCreated);
        $sums = [0, 0, 0, 0, 0];
        foreach ($row->overTime as $moment) {
            self::assertSame(0, $moment->at->getTimestamp() % 3600);
            $now = [$moment->created, $moment->openings, $moment->expired, $moment->ended, $moment->refused];
            $sums = array_map(static fn ($sum, $more) => $sum + $more, $sums, $now);
        }
        self::assertSame([3, 2, 0, 1, 1], $sums);
        self::assertSame(86400, $this->gate->links()->report()->stepSeconds);
        $this->assertField('days', fn () => $this->gate->links()->report(days: 0));
    }

    public function testACredentialMakesOnlyTheLinksThatItsLimitsAllow(): void
    {
        $limits = new Limits(
            links: true,
            linkDestinations: ['clientarea:invoices'],
            maxLinkLifeSeconds: 600,
            linksPerMinute: 2,
        );
        $credentials = $this->gate->credentials();
        self::assertEquals($limits, $credentials->create('mailer', host: true, limits: $limits)->credential->limits);
        $credentials->create('portal', host: true);
        $make = fn (string $label, string $page, int $life = 60) => $this->gate->createLink(
            $this->gate->caller($label),
            clientId: 1,
            destination: $page,
            life: $life,
        );
        $this->assertRefused(Reason::LinksNotAllowed, static fn () => $make('portal', 'clientarea:invoices'));
        $this->assertRefused(Reason::DestinationNotAllowed, static fn () => $make('mailer', 'clientarea:services'));
        $this->assertRefused(Reason::LifeNotAllowed, static fn () => $make('mailer', 'clientarea:invoices', 601));
        $made = $make('mailer', 'clientarea:invoices');
        $make('mailer', 'clientarea:invoices');
        $this->assertRefused(Reason::RateLimited, static fn () => $make('mailer', 'clientarea:invoices'));
        self::assertSame('clientarea:invoices', $this->gate->inspectLink($made->link())->destination);

        self::assertSame(2, $credentials->revoke('mailer')->linksEnded);
        $this->assertRefused(Reason::CredentialRevoked, fn () => $this->gate->openLink($made->link()));
        self::assertSame(LinkState::CredentialVoid, $this->gate->inspectLink($made->link())->state);
        $refusals = $this->gate->links()->report()->labels[0]->notCreated;
        self::assertSame(4, array_sum(array_column($refusals, 'count')));
    }

    public function testWhatEndsACredentialAUserOrAStoreCountsTheLinksThatEndWithIt(): void
    {
        $this->invoice();
        $this->gate->store()->backup("{$this->folder}/backup.db");
        self::assertCount(1, $this->gate->users()->export(1)->links);
        self::assertSame(1, $this->gate->users()->erase(1)->linksEnded);
        self::assertSame(1, $this->gate->store()->restore("{$this->folder}/backup.db")->linksEnded);
        self::assertSame(0, $this->gate->store()->purge()->links);

        $this->gate->admins()->add('ops');
        $made = $this->gate->credentials()->create('portal', 'ops', limits: new Limits(links: true));
        self::assertSame(0, $made->linksEnded);
        $caller = $this->gate->authenticate($made->credential->identifier, $made->secret());
        $this->gate->createLink($caller, clientId: 1);
        $leaked = new DateTimeImmutable('-1 minute');
        self::assertSame(1, $this->gate->credentials()->rotate('portal', leakedSince: $leaked)->linksEnded);
    }

    public function testWhatIsWrongWithARequestNamesItsField(): void
    {
        $caller = $this->gate->caller();
        $wrong = [
            'life' => ['life' => 59],
            'uses' => ['uses' => 0],
            'label' => ['label' => ''],
            'title' => ['title' => str_repeat('a', 101)],
            'user_id' => ['userId' => 0],
            'redirect_path' => ['destination' => 'sso:custom_redirect', 'redirectPath' => '//evil.example'],
            'address' => ['address' => 'nowhere'],
        ];
        foreach ($wrong as $field => $given) {
            $act = fn () => $this->gate->createLink($caller, ...$given + ['clientId' => 1]);
            $this->assertField($field, $act);
        }
        foreach ([['life' => 604801], ['uses' => 101], ['uses' => -1], ['endSiblings' => true]] as $given) {
            $field = $given === ['endSiblings' => true] ? 'label' : key($given);
            $this->assertField($field, fn () => $this->gate->createLink($caller, ...$given + ['clientId' => 1]));
        }
        self::assertSame([], $this->gate->links()->list());
    }

    public function testInModeHostTheHostIsToldWhatToCheck(): void
    {
        $gate = Gatepass::init("{$this->folder}/host.db", Mode::Host, self::SYSTEM_URL);
        $made = $gate->createLink($gate->caller(), userId: 7, clientId: 3);
        $opened = $gate->openLink($made->link());
        self::assertSame([7, 3], [$made->userId, $made->clientId]);
        self::assertSame([7, 3], [$opened->userId, $opened->clientId]);
        self::assertNotSame([], $opened->unchecked);
    }

    private function invoice(mixed ...$more): CreatedLink
    {
        $page = ['destination' => 'sso:custom_redirect', 'redirectPath' => self::PAGE];
        return $this->gate->createLink($this->gate->caller(), ...$more + $page + ['clientId' => 1]);
    }

    /** The cookies of an answer, as a browser brings them back. */
    private static function cookie(Response $answer): string
    {
        $cookies = array_filter($answer->headers(), static fn ($header) => $header[0] === 'Set-Cookie');
        return implode('; ', array_map(static fn ($header) => explode(';', $header[1])[0], $cookies));
    }

    private function assertEnded(CreatedLink $link, Reason $reason, LinkState $state, LinkEnd $end): void
    {
        $this->assertRefused($reason, fn () => $this->gate->openLink($link->link()));
        $seen = $this->gate->inspectLink($link->link());
        self::assertSame([$state, $reason, $end], [$seen->state, $seen->refusal, $seen->endedBy]);
        self::assertNotNull($seen->endedAt);
    }

    private function assertRefused(Reason $reason, callable $act): void
    {
        try {
            $act();
        } catch (Refused $refused) {
            self::assertSame($reason, $refused->reason);
            return;
        }
        self::fail("not refused for {$reason->value}");
    }

    private function assertField(string $field, callable $act): void
    {
        try {
            $act();
        } catch (InvalidArgument $invalid) {
            self::assertSame($field, $invalid->field);
            return;
        }
        self::fail("$field was taken");
    }
}
