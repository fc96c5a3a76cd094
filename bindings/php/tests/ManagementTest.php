<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use DateTimeImmutable;
use Gatepass\ClientStatus;
use Gatepass\Confirm;
use Gatepass\CredentialKind;
use Gatepass\DestinationInput;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Mode;
use Gatepass\Model\Limits;
use Gatepass\Native\Row;
use Gatepass\OrderBy;
use Gatepass\Origin;
use Gatepass\Reason;
use Gatepass\Severity;

/** Every management method does its operation and reads the whole answer. */
final class ManagementTest extends StoreCase
{
    private const SEAL = 'gatepass-sealing-key-1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

    private Gatepass $gate;

    protected function setUp(): void
    {
        parent::setUp();
        $this->gate = self::make($this->path());
    }

    public function testUsersClientsAndMembers(): void
    {
        $users = $this->gate->users();
        $ann = $users->add('Ann@Example.com', 'Ann', 'Núñez');
        self::assertSame([1, 'ann@example.com', true], [$ann->userId, $ann->email, $ann->enabled]);
        self::assertSame(['Ann', 'Núñez'], [$ann->firstName, $ann->lastName]);
        self::assertSame('UTC', $ann->createdAt->getTimezone()->getName());
        self::assertEqualsWithDelta(microtime(true), (float) $ann->createdAt->format('U.v'), 5);
        $users->add('bob@example.com', userId: 7);
        $clients = $this->gate->clients();
        $client = $clients->add('o@example.com', owner: 1, companyName: 'Office', status: ClientStatus::Inactive);
        self::assertSame([1, ClientStatus::Inactive], [$client->clientId, $client->status]);
        self::assertSame([true, 0], [$client->allowSso, $client->groupId]);
        self::assertTrue($client->members[0]->owner);
        $members = $this->gate->members();
        self::assertCount(2, $members->add(7, 1)->members);
        self::assertSame([1, 7], array_column($members->list(1), 'userId'));
        self::assertCount(1, $members->remove(7, 1)->members);
        self::assertSame(ClientStatus::Closed, $clients->setStatus(1, ClientStatus::Closed)->status);
        self::assertFalse($clients->allowSso(1, false)->allowSso);
        self::assertSame([1], array_column($clients->list(status: ClientStatus::Closed)->items, 'clientId'));
        self::assertSame('Office', $clients->show(1)->companyName);
        self::assertFalse($users->disable(7)->enabled);
        self::assertTrue($users->enable(7)->enabled);
        self::assertSame([7], array_column($users->list(search: 'bo')->items, 'userId'));
        self::assertSame(1, $users->show(1)->clients[0]->clientId);
        self::assertSame('ann@example.com', $users->export(1)->user->email);
        self::assertSame(7, $users->erase(7)->userId);
        self::assertNull($users->show(7)->email);
        self::assertNotNull($users->show(7)->erasedAt);
        $this->assertRefused(Reason::UserUnknown, static fn () => $users->show(99));
    }

    public function testAdminsAndCredentials(): void
    {
        $admins = $this->gate->admins();
        self::assertTrue($admins->add('ops', 'a long password')->hasPassword);
        self::assertFalse($admins->setPassword('ops', null)->hasPassword);
        self::assertFalse($admins->disable('ops')->enabled);
        self::assertTrue($admins->enable('ops')->enabled);
        self::assertSame(['ops'], array_column($admins->list(), 'username'));

        $credentials = $this->gate->credentials();
        $limits = new Limits(
            actions: ['createssotoken'],
            clients: [1, 2],
            addresses: ['203.0.113.0/24'],
            maxTokenLifeSeconds: 30,
            secretInQuery: true,
            confirm: Confirm::OtherUser,
        );
        $expires = new DateTimeImmutable('2100-01-01T01:00:00.5+01:00');
        $home = 'https://portal.example.com';
        $created = $credentials->create('portal', 'ops', homeUrl: $home, limits: $limits, expiresAt: $expires);
        self::assertSame(CredentialKind::Api, $created->credential->kind);
        self::assertEquals($limits, $created->credential->limits);
        self::assertSame('2100-01-01T00:00:00.500', $created->credential->expiresAt->format('Y-m-d\TH:i:s.v'));
        $caller = $this->gate->authenticate($created->credential->identifier, $created->secret(), '203.0.113.9');
        self::assertSame($created->credential->credentialId, $caller->credentialId);
        $caller->authorise('createssotoken', '203.0.113.9');
        $this->assertRefused(Reason::ActionNotAllowed, static fn () => $caller->authorise('getclients', '203.0.113.9'));
        $rotated = $credentials->rotate('portal', overlapSeconds: 60);
        self::assertNotNull($rotated->credential->oldSecretUntil);
        self::assertSame(0, $credentials->rotate('portal', leakedSince: new DateTimeImmutable('-1 hour'))->tokensEnded);
        self::assertNotSame($created->secret(), $rotated->secret());
        self::assertNotNull($credentials->show('portal')->lastUsedAt);
        self::assertNull($credentials->create('cron', host: true)->secret());
        self::assertFalse($credentials->disable('cron')->enabled);
        $this->assertRefused(Reason::CredentialDisabled, fn () => $this->gate->caller('cron'));
        self::assertTrue($credentials->enable('cron')->enabled);
        self::assertNotNull($credentials->revoke('portal', endSessions: true)->credential->revokedAt);
        self::assertSame(['cli', 'portal', 'cron'], array_column($credentials->list(), 'label'));
    }

    public function testALeakedSecretTakesItsSessionsAlong(): void
    {
        $this->gate->users()->add('ann@example.com');
        $this->gate->clients()->add('ann@example.com', owner: 1);
        $this->gate->admins()->add('ops');
        $made = $this->gate->credentials()->create('portal', 'ops');
        $sign = function (string $secret) use ($made): string {
            $caller = $this->gate->authenticate($made->credential->identifier, $secret);
            return $this->gate->redeem($this->gate->issue($caller, clientId: 1)->token())->session();
        };
        $session = $sign($made->secret());
        $rotated = $this->gate->credentials()->rotate('portal');
        self::assertSame(0, $rotated->sessionsEnded);
        $this->gate->checkSession($session);
        $leaked = $this->gate->credentials()->rotate('portal', leakedSince: new DateTimeImmutable('-1 minute'));
        self::assertSame(1, $leaked->sessionsEnded);
        $this->assertRefused(Reason::SessionEnded, fn () => $this->gate->checkSession($session));
    }

    public function testAutoAuthAndItsSeal(): void
    {
        $autoAuth = $this->gate->autoAuth();
        self::assertFalse($autoAuth->addKey('crm', 'another-key-of-many-characters')->weak);
        self::assertSame(1, $autoAuth->enable()->activeKeys);
        $this->gate->users()->add('ann@example.com');
        $this->gate->clients()->add('ann@example.com', owner: 1);
        $link = $this->gate->signAutoAuth('ann@example.com', keyLabel: 'crm');
        self::assertSame('crm', $this->gate->acceptAutoAuth(query: explode('?', $link)[1])->keyLabel);
        self::assertSame(1, $autoAuth->keys()[0]->uses);
        $report = $autoAuth->report(7);
        self::assertSame([true, ['ok' => 1], 0], [$report->enabled, $report->outcomes, $report->wrongHashes]);
        // A copy of the store's folder must not have the key too.
        mkdir($this->folder . '/store');
        $gate = self::make($this->folder . '/store/gatepass.db');
        $gate->autoAuth()->addKey('crm', 'another-key-of-many-characters');
        $key = $this->folder . '/seal.key';
        file_put_contents($key, 'gatepass-sealing-key-1 ' . str_repeat('fedcba9876543210', 4) . "\n");
        chmod($key, 0600);
        self::assertSame(1, $gate->autoAuth()->rotateSeal($key));
        $this->gate = Gatepass::open($this->folder . '/store/gatepass.db', sealingKeyFile: $key);
        self::assertStringContainsString('hash=', $this->gate->signAutoAuth('ann@example.com', keyLabel: 'crm'));
        self::assertNotNull($this->gate->autoAuth()->retireKey('crm')->retiredAt);
        $asking = $this->gate->autoAuth()->addKey('web', 'a-third-key-of-many-characters', Confirm::Always);
        self::assertSame(Confirm::Always, $asking->confirm);
        self::assertFalse($this->gate->autoAuth()->disable()->enabled);
    }

    public function testSettingsAndDestinations(): void
    {
        $settings = $this->gate->settings();
        self::assertSame(30, $settings->set('token_life_seconds', 30)->value);
        $life = $settings->get('token_life_seconds');
        self::assertSame([30, 60], [$life->value, $life->default]);
        self::assertSame(['203.0.113.0/24'], $settings->set('allowed_addresses', ['203.0.113.0/24'])->value);
        self::assertSame([], $settings->set('allowed_addresses', [])->value);
        self::assertContains('replay_policy', array_column($settings->list(), 'name'));

        $destinations = $this->gate->destinations();
        $set = $destinations->set('shop:basket', 'cart.php?item={id}', DestinationInput::Service);
        self::assertSame(['shop:basket', DestinationInput::Service], [$set->name, $set->input]);
        self::assertContains('shop:basket', array_column($destinations->list(), 'name'));
        $destinations->remove('shop:basket');
        $this->assertRefused(Reason::DestinationUnknown, static fn () => $destinations->remove('shop:basket'));
    }

    public function testTokensSessionsAndTheAudit(): void
    {
        $this->gate->users()->add('ann@example.com');
        $this->gate->clients()->add('ann@example.com', owner: 1);
        $caller = $this->gate->caller();
        $spent = $this->gate->issue($caller, clientId: 1, address: '203.0.113.9', actor: 'crm');
        $live = $this->gate->issue($caller, userId: 1, life: 30);
        self::assertEqualsWithDelta(30, (float) $live->expiresAt->format('U.v') - microtime(true), 5);
        $signIn = $this->gate->redeem($spent->token());
        $tokens = $this->gate->tokens();
        // Those of one millisecond come in any order.
        $states = array_map(static fn ($token) => $token->state->name, $tokens->list());
        self::assertEqualsCanonicalizing(['Live', 'Redeemed'], $states);
        self::assertCount(1, $tokens->list(live: true));
        $story = $tokens->explain($spent->token());
        self::assertSame($signIn->redemption, $story->token->redemption);
        self::assertSame(Reason::TokenRedeemed, $story->token->refusal);
        self::assertNotSame([], $story->story);
        self::assertSame('203.0.113.9', $story->events[0]->address);
        self::assertSame(1, $tokens->revoke(userId: 1));
        $this->assertRefused(Reason::TokenRevoked, fn () => $this->gate->redeem($live->token()));
        $this->expectField('token', static fn () => $tokens->revoke());

        $sessions = $this->gate->sessions();
        self::assertSame([Origin::Token], array_column($sessions->list(), 'origin'));
        self::assertSame(1, $sessions->end($this->gate->checkSession($signIn->session())->name));
        self::assertNotNull($sessions->list(all: true)[0]->endedAt);
        $again = $this->gate->redeem($this->gate->issue($caller, clientId: 1)->token());
        self::assertSame(1, $sessions->endOfCredential($caller->credentialId, new DateTimeImmutable('-1 minute')));
        self::assertSame(0, $sessions->endOfUser(1));
        $this->assertRefused(Reason::SessionEnded, fn () => $this->gate->checkSession($again->session()));

        [$from, $to] = [new DateTimeImmutable('-1 hour'), new DateTimeImmutable('+1 hour')];
        $audit = $this->gate->audit();
        $events = $audit->list($from, $to, event: 'token.', outcome: 'ok', userId: 1);
        self::assertContains('token.issued', array_column($events, 'event'));
        $first = $events[0]->reference;
        $after = $audit->list($from, $to, event: 'token.', outcome: 'ok', userId: 1, after: $first);
        self::assertEquals(array_slice($events, 1), $after);
    }

    public function testWhoeverFailsOftenFromOneNetworkIsAdvisedWhenToAskAgain(): void
    {
        $ask = function (string $address): ?float {
            try {
                $this->gate->checkSession('no session', address: $address);
            } catch (Refused $refused) {
                return $refused->retryAfter;
            }
        };
        for ($tries = 0, $advice = null; $advice === null && $tries < 50; $tries++) {
            $advice = $ask('203.0.113.9');
        }
        // Seconds: the first advice is short.
        self::assertGreaterThan(0, $advice);
        self::assertLessThan(60, $advice);
        self::assertNull($ask('198.51.100.7'), 'another network failed once');
    }

    public function testTheGeneratorsTurnThePages(): void
    {
        for ($user = 1; $user <= 1003; $user++) {
            $this->gate->users()->add("user$user@example.com");
        }
        $users = iterator_to_array($this->gate->users()->each(), false);
        self::assertSame(range(1, 1003), array_column($users, 'userId'));
        self::assertSame(1003, $this->gate->users()->each(descending: true)->current()->userId);
        $last = $this->gate->users()->each(descending: true, orderBy: OrderBy::Email)->current();
        self::assertSame('user9@example.com', $last->email);
        self::assertSame(1003, $this->gate->users()->list(limit: 1)->total);
        [$from, $to] = [new DateTimeImmutable('-1 hour'), new DateTimeImmutable('+1 hour')];
        $events = iterator_to_array($this->gate->audit()->each($from, $to, event: 'user.'), false);
        self::assertCount(1003, array_unique(array_column($events, 'reference')));
        $this->gate->clients()->add('office@example.com', owner: 1);
        self::assertCount(1, iterator_to_array($this->gate->clients()->each(search: 'office')));
        $caller = $this->gate->caller();
        for ($token = 0; $token < 1002; $token++) {
            $this->gate->issue($caller, clientId: 1);
        }
        $names = array_column(iterator_to_array($this->gate->tokens()->each(), false), 'token');
        self::assertCount(1002, array_unique($names));
        $this->gate->redeem($this->gate->issue($caller, clientId: 1)->token());
        self::assertCount(1, iterator_to_array($this->gate->sessions()->each()));
    }

    public function testTheStoreAndItsUpkeep(): void
    {
        $store = $this->gate->store();
        self::assertGreaterThan(0, $store->info()->schema);
        $this->gate->users()->add('ann@example.com');
        self::assertGreaterThan(0, $store->backup($this->folder . '/backup.db')->pages);
        $this->gate->users()->add('bob@example.com');
        self::assertSame('portal', $this->gate->credentials()->create('portal', host: true)->credential->label);
        $restored = $store->restore($this->folder . '/backup.db');
        self::assertContains('cli', array_column($restored->credentialsToCheck, 'label'));
        self::assertSame(1, $this->gate->users()->list()->total);
        self::assertSame(0, $store->purge()->tokens);
        foreach ($store->check() as $finding) {
            self::assertContains($finding->severity, [Severity::Good, Severity::Warning], $finding->message);
        }
        self::assertArrayHasKey('user.add', $store->operations());
    }

    public function testFieldsThatAreAddedLaterAreIgnoredAndMissingOnesAreTold(): void
    {
        $place = \Gatepass\Model\Place::fromRow(new Row(['client_id' => 1, 'owner' => true, 'since' => 'ever']));
        self::assertSame(1, $place->clientId);
        $this->expectExceptionMessage('has no proper "owner"');
        \Gatepass\Model\Place::fromRow(new Row(['client_id' => 1]));
    }

    private static function make(string $path): Gatepass
    {
        return Gatepass::init($path, Mode::Managed, self::SYSTEM_URL, sealingKey: self::SEAL, actor: 'tests');
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

    private function expectField(string $field, callable $act): void
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
