<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** Whom an old AutoAuth link signs in: the one client whose address it is, byte for byte, or nobody. */
final class WhmcsClientTest extends WhmcsCase
{
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
            $code = 'ob_start(); require "' . $this->site->root() . '/init.php"; ob_end_clean(); ob_end_clean();'
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

    public function testASearchThatFindsFarTooManyIsGivenUpAtOnce(): void
    {
        $this->site->state(['total' => 10_001]);
        $answer = $this->site->get($this->site->link('ann@example.com'));
        self::assertStringContainsString('not all that was found', $this->logged($answer));
        self::assertCount(1, $this->site->calls());
    }

    /** Take one check away, and a test above must notice: otherwise the stand-in hides what it is there to show. */
    public function testEachCheckIsNeeded(): void
    {
        $ann = static fn ($id, $more = []) => WhmcsSite::client($id, 'ann@example.com', more: $more);
        $owner = ['owner' => ['id' => 5, 'email' => 'boss@example.com']];
        $same = 'self::plain($one) === self::plain($other)';
        $statuses = "['Active', 'Inactive']";
        $ofOwner = "!Address::same(self::ownersAddress(\$client), \$client->text('email'))";
        $faults = [
            ['Address.php', $same, 'true', [WhmcsSite::client(1, 'ann@example.com.au')]],
            ['Client.php', 'count($same) !== 1', '$same === []', [$ann(1), $ann(2)]],
            ['Client.php', $statuses, "['Active', 'Closed']", [$ann(1, ['status' => 'Closed'])]],
            ['Client.php', $ofOwner, 'false', [$ann(1, $owner)]],
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
}
