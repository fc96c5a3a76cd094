<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\Closed;
use Gatepass\Exception\GatepassException;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\StoreError;
use Gatepass\Gatepass;
use Gatepass\Native\Failure;
use Gatepass\Native\Library;
use Gatepass\Native\Request;

/** Whatever is done wrongly is an exception with a type and a name, never a crash. */
final class MisuseTest extends StoreCase
{
    public function testWhatWasClosedSaysSo(): void
    {
        $gate = $this->store();
        $caller = $gate->caller();
        $gate->close();
        $gate->close();
        $acts = [
            static fn () => $gate->caller(),
            static fn () => $gate->authenticate('GPI', 'GPS'),
            static fn () => $gate->issue($caller, clientId: 1),
            static fn () => $gate->redeem('x'),
            static fn () => $gate->inspect('x'),
            static fn () => $gate->createLink($caller, clientId: 1),
            static fn () => $gate->openLink('x'),
            static fn () => $gate->inspectLink('x'),
            static fn () => $gate->checkSession('x'),
            static fn () => $gate->endSession('x'),
            static fn () => $gate->acceptAutoAuth(query: 'x'),
            static fn () => $gate->signAutoAuth('ann@example.com', key: 'x'),
            static fn () => $gate->users()->list(),
            static fn () => $caller->authorise('getclients'),
        ];
        foreach ($acts as $act) {
            self::assertThrows(Closed::class, 'invalid_handle', null, $act);
        }
    }

    public function testAChildOfAForkIsToldSo(): void
    {
        $gate = $this->store();
        $path = $this->path();
        self::assertSame('forked', self::inChild(static fn () => $gate->caller()));
        self::assertSame('forked', self::inChild(static fn () => Gatepass::open($path, kept: false)));
        self::assertSame('forked', self::inChild(static fn () => Gatepass::open($path)));
        self::assertSame(1, $gate->redeem($gate->issue($gate->caller(), clientId: 1)->token())->userId);
        $gate->close();
        self::assertSame('fine', self::inChild(static fn () => Gatepass::open($path)->caller()));
    }

    public function testTextThatIsNoneNamesItsField(): void
    {
        $gate = $this->store();
        $caller = $gate->caller();
        $texts = [
            'invalid_utf8' => "\xFF\xFE",
            'nul_inside' => "a\0b",
            'too_long' => str_repeat('a', 16 * 1024 * 1024 + 1),
        ];
        foreach ($texts as $name => $text) {
            $acts = [
                'path' => fn () => Gatepass::open($text),
                'label' => fn () => $gate->caller($text),
                'identifier' => fn () => $gate->authenticate($text, 'GPS'),
                'secret' => fn () => $gate->authenticate('GPI', $text),
                'destination' => fn () => $gate->issue($caller, clientId: 1, destination: $text),
                'actor' => fn () => $gate->issue($caller, clientId: 1, actor: $text),
                'token' => fn () => $gate->redeem($text),
                'link' => fn () => $gate->openLink($text),
                'title' => fn () => $gate->createLink($caller, clientId: 1, title: $text),
                'session' => fn () => $gate->checkSession($text),
                'action' => fn () => $caller->authorise($text),
                'operation' => fn () => $gate->call($text),
                'sealing_key_file' => fn () => Gatepass::open($this->path(), sealingKeyFile: $text),
            ];
            foreach ($acts as $field => $act) {
                self::assertThrows(InvalidArgument::class, $name, $field, $act);
            }
        }
        $acts = [
            'email' => fn () => $gate->users()->add("\xFF@example.com"),
            'first_name' => fn () => $gate->users()->add('b@example.com', "a\0b"),
            'parameters' => fn () => $gate->call('user.add', ["\xFF" => 1]),
        ];
        foreach ($acts as $field => $act) {
            self::assertThrows(InvalidArgument::class, 'invalid', $field, $act);
        }
    }

    public function testAZeroIsNeverTakenForNotGiven(): void
    {
        $gate = $this->store();
        $caller = $gate->caller();
        $acts = [
            'user_id' => fn () => $gate->issue($caller, userId: 0, clientId: 1),
            'client_id' => fn () => $gate->issue($caller, userId: 1, clientId: 0),
            'service_id' => fn () => $gate->issue($caller, clientId: 1, serviceId: 0),
            'life' => fn () => $gate->issue($caller, clientId: 1, life: 0.0004),
            'deadline' => fn () => Gatepass::open($this->path(), deadline: -1),
        ];
        foreach ($acts as $field => $act) {
            self::assertThrows(InvalidArgument::class, 'invalid', $field, $act);
        }
        foreach ([NAN, INF, -INF, 1e300, PHP_INT_MAX] as $life) {
            $act = fn () => $gate->issue($caller, clientId: 1, life: $life);
            self::assertThrows(InvalidArgument::class, 'invalid', 'life', $act);
        }
    }

    public function testDetailsOfAnotherCallAreNotMixedIn(): void
    {
        $gate = $this->store();
        $token = $gate->issue($gate->caller(), clientId: 1)->token();
        $gate->redeem($token);
        // What a signal handler leaves behind that runs between a failure and its exception.
        $request = Request::of(Library::get(), ['token' => $token]);
        $out = Raw::ffi()->new('gatepass_sign_in*');
        $store = Raw::handle($gate, 'store')->pointer();
        self::assertSame(2002, Raw::ffi()->gatepass_token_redeem($store, $request->pointer(), \FFI::addr($out)));
        $refused = Failure::of(Library::get(), 2001);
        self::assertSame(['token_unknown', null, null], [
            $refused->codeName(),
            $refused->redemption,
            $refused->reference,
        ]);
        self::assertSame('unknown token', $refused->getMessage());
        self::assertNotNull(Failure::of(Library::get(), 2002)->redemption, 'the check would not notice anything');
    }

    public function testHandlesThatAreNoneAreCodes(): void
    {
        $gate = $this->store();
        $ffi = Raw::ffi();
        $store = Raw::handle($gate, 'store')->pointer();
        $caller = $gate->caller()->pointer();
        $request = Request::of(Library::get(), ['client_id' => 1]);
        $out = $ffi->new('gatepass_issued*');
        $issue = static fn ($store, $caller, $request) => $ffi->gatepass_token_issue(
            $store,
            $caller,
            $request,
            \FFI::addr($out),
        );

        self::assertCode('invalid_handle', 'caller', $issue($store, $caller, $request->pointer()));
        $caller = $gate->caller();
        $held = $caller->pointer();
        self::assertCode('null_argument', 'store', $issue(Raw::none('store'), $held, $request->pointer()));
        self::assertCode('null_argument', 'caller', $issue($store, Raw::none('caller'), $request->pointer()));
        self::assertCode('null_argument', 'request', $issue($store, $held, Raw::none('request')));
        self::assertCode('wrong_handle', 'store', $issue(Raw::cast('store', $held), $held, $request->pointer()));
        self::assertCode('wrong_handle', 'caller', $issue($store, Raw::cast('caller', $store), $request->pointer()));
        self::assertCode('wrong_handle', 'handle', $ffi->gatepass_free($store));
        self::assertCode('null_argument', 'out', $ffi->gatepass_token_issue($store, $held, $request->pointer(), null));
        self::assertSame(0, $issue($store, $held, $request->pointer()));
        self::assertSame(0, $ffi->gatepass_free($out));
        self::assertCode('invalid_handle', 'handle', $ffi->gatepass_free($out));
        self::assertNull($ffi->gatepass_issued_token($out));
        self::assertCode('invalid_handle', 'issued', $ffi->gatepass_last_error_code());
        $foreign = $ffi->cast('gatepass_issued*', 0x1234567);
        self::assertNull($ffi->gatepass_issued_token($foreign));

        self::assertCode('null_argument', 'actor', $ffi->gatepass_request_set_actor($request->pointer(), null, 5));
        self::assertCode('too_long', 'actor', $ffi->gatepass_request_set_actor($request->pointer(), 'a', -1));
    }

    public function testHandlesAndSecretsAreNotCopied(): void
    {
        $gate = $this->store();
        $made = $gate->createLink($gate->caller(), clientId: 1);
        $secrets = [$gate->issue($gate->caller(), clientId: 1), $made, $gate->openLink($made->link())];
        foreach ([$gate, $gate->caller(), Library::get(), Raw::handle($gate, 'store'), ...$secrets] as $object) {
            self::assertThrowsLogic('can not be serialised', static fn () => serialize($object));
        }
        foreach ([$gate, $gate->caller(), Library::get(), Raw::handle($gate, 'store')] as $object) {
            self::assertThrowsLogic('can not be cloned', static fn () => clone $object);
        }
        $text = 'O:17:"Gatepass\Gatepass":0:{}';
        self::assertThrowsLogic('can not be unserialised', static fn () => unserialize($text));
    }

    public function testNoDumpShowsASecret(): void
    {
        $gate = $this->store();
        $gate->admins()->add('ops');
        $created = $gate->credentials()->create('portal', admin: 'ops');
        $issued = $gate->issue($gate->authenticate($created->credential->identifier, $created->secret()), clientId: 1);
        $signIn = $gate->redeem($issued->token());
        $session = $gate->checkSession($signIn->session());
        $story = $gate->tokens()->explain($issued->token());
        $link = $gate->createLink($gate->caller(), clientId: 1, uses: 2);
        $opened = $gate->openLink($link->link());
        $seen = [$gate->inspectLink($link->link()), $gate->links()->explain($link->url())];
        $objects = [$gate, $gate->caller(), $created, $issued, $signIn, $session, $story, $link, $opened, ...$seen];
        $shown = print_r($objects, true) . var_export(array_slice($objects, 2), true) . json_encode($objects);
        ob_start();
        var_dump($objects);
        foreach ($objects as $object) {
            print_r((array) $object);
        }
        $shown .= ob_get_clean();
        self::assertStringContainsString($signIn->redemption, $shown);
        self::assertStringContainsString($link->reference, $shown);
        $secrets = [$created->secret(), $issued->token(), $signIn->session(), $link->link(), $opened->token()];
        foreach ($secrets as $secret) {
            self::assertStringNotContainsString($secret, $shown);
        }
    }

    public function testNoCastGivesFfiOut(): void
    {
        $gate = $this->store();
        foreach ([Library::get(), $gate, $gate->caller(), Raw::handle($gate, 'store')] as $object) {
            foreach ((array) $object as $property) {
                self::assertNotInstanceOf(\FFI::class, $property);
            }
        }
    }

    public function testNoTraceShowsASecret(): void
    {
        if (PHP_VERSION_ID < 80200) {
            self::markTestSkipped('PHP 8.1 does not know #[\SensitiveParameter]');
        }
        $gate = $this->store();
        $secret = 'correct-horse';
        $acts = [
            fn () => $gate->redeem($secret),
            fn () => $gate->redeem($secret . "\0"),
            fn () => $gate->inspect($secret),
            fn () => $gate->openLink($secret),
            fn () => $gate->inspectLink($secret),
            fn () => $gate->links()->explain($secret),
            fn () => $gate->links()->revoke($secret),
            fn () => $gate->checkSession($secret),
            fn () => $gate->authenticate('GPI', $secret),
            fn () => $gate->acceptAutoAuth(query: "email=$secret"),
            fn () => $gate->signAutoAuth('ann@example.com', key: $secret . "\0"),
            fn () => Gatepass::verifyAutoAuth("email=$secret", $secret . "\0"),
            fn () => $gate->admins()->setPassword('nobody', $secret),
            fn () => $gate->autoAuth()->addKey('crm', $secret),
            fn () => $gate->issue($gate->caller(), clientId: 9, binding: $secret),
            fn () => Gatepass::open($this->path(), sealingKey: $secret),
        ];
        $ignore = ini_set('zend.exception_ignore_args', '0');
        try {
            foreach ($acts as $act) {
                try {
                    $act();
                    self::fail('no exception');
                } catch (GatepassException $exception) {
                    $shown = print_r(self::argumentsOfThePackage($exception), true);
                    self::assertStringNotContainsString($secret, $shown . $exception->getMessage());
                }
            }
        } finally {
            ini_set('zend.exception_ignore_args', (string) $ignore);
        }
    }

    /** What a log would show: the frames of this test hold the secret in their own variables. */
    private static function argumentsOfThePackage(GatepassException $exception): array
    {
        $shown = [];
        foreach ($exception->getTrace() as $frame) {
            $class = $frame['class'] ?? '';
            if (str_starts_with($class, 'Gatepass\\') && !str_starts_with($class, __NAMESPACE__)) {
                foreach ($frame['args'] ?? [] as $argument) {
                    $shown[] = $argument instanceof \SensitiveParameterValue ? 'hidden' : $argument;
                }
            }
        }
        self::assertContains('hidden', $shown);
        return $shown;
    }

    private static function assertThrows(string $class, string $name, ?string $field, callable $act): void
    {
        try {
            $act();
        } catch (GatepassException $exception) {
            self::assertInstanceOf($class, $exception);
            self::assertSame($name, $exception->codeName(), $exception->getMessage());
            if ($field !== null) {
                self::assertSame($field, $exception->field);
            }
            return;
        }
        self::fail("no $name for $field");
    }

    private static function assertThrowsLogic(string $message, callable $act): void
    {
        try {
            $act();
        } catch (\LogicException $exception) {
            self::assertStringContainsString($message, $exception->getMessage());
            return;
        }
        self::fail('no exception');
    }

    private static function assertCode(string $name, string $field, int $code): void
    {
        $exception = Failure::of(Library::get(), $code);
        self::assertInstanceOf(InvalidArgument::class, $exception);
        self::assertSame([$name, $field], [$exception->codeName(), $exception->field]);
    }

    /** What a child of a fork is told. */
    private static function inChild(callable $act): string
    {
        $told = tempnam(sys_get_temp_dir(), 'gatepass-php-');
        $child = pcntl_fork();
        if ($child === 0) {
            try {
                $act();
                $said = 'fine';
            } catch (StoreError $error) {
                $said = $error->codeName();
            } catch (\Throwable $error) {
                $said = $error::class . ': ' . $error->getMessage();
            }
            file_put_contents($told, $said);
            // Without PHPUnit's own ending.
            posix_kill(posix_getpid(), SIGKILL);
        }
        pcntl_waitpid($child, $status);
        $said = file_get_contents($told);
        unlink($told);
        return $said;
    }
}
