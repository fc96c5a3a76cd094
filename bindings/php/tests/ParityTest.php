<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\InternalError;
use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Exception\StoreError;
use Gatepass\Gatepass;
use Gatepass\LinkEnd;
use Gatepass\LinkState;
use Gatepass\Management\Store;
use Gatepass\Mode;
use Gatepass\Native\Failure;
use Gatepass\Native\Library;
use Gatepass\Native\Loader;
use Gatepass\Origin;
use Gatepass\Reason;
use Gatepass\TokenState;

/** The package knows what the library has: nothing is missing and nothing is called otherwise. */
final class ParityTest extends StoreCase
{
    /** Functions that the package does not call, and why. */
    private const NOT_CALLED = [
        'gatepass_code_at' => 'codes are words here; this test reads them all',
        'gatepass_document_length' => 'PHP copies a text up to its NUL, and no document holds one inside',
        'gatepass_web_response_body_length' => 'as with a document',
    ];

    public function testEveryCodeHasItsExceptionAndEveryRefusalItsReason(): void
    {
        $library = Library::get();
        $header = array_flip(Header::enumerators('gatepass_code'));
        $seen = [];
        for ($index = 0; ($code = $library->number('gatepass_code_at', $index)) !== -1; $index++) {
            $seen[] = $code;
            $name = Failure::name($library, $code);
            self::assertSame('GATEPASS_' . strtoupper($name), $header[$code]);
            if ($code === 0) {
                continue;
            }
            $exception = Failure::of($library, $code);
            $expected = [1 => InvalidArgument::class, Refused::class, StoreError::class, InternalError::class];
            self::assertInstanceOf($expected[intdiv($code, 1000)], $exception, $name);
            self::assertSame([$name, $code], [$exception->codeName(), $exception->getCode()]);
            if ($exception instanceof Refused) {
                self::assertSame($name, $exception->reason->value);
            }
        }
        sort($seen);
        self::assertSame(array_keys($header), $seen);
        $refusals = array_filter($seen, static fn (int $code) => intdiv($code, 1000) === 2);
        self::assertCount(count($refusals) + 1, Reason::cases(), 'a reason that no code has, besides Unknown');
    }

    public function testEveryOperationHasItsMethod(): void
    {
        $store = new Store(Gatepass::init($this->path(), Mode::Managed, self::SYSTEM_URL));
        $operations = array_keys($store->operations());
        $called = [];
        $source = dirname(__DIR__) . '/src';
        foreach ([...glob("$source/Management/*.php"), "$source/SignInLinks.php"] as $file) {
            preg_match_all("/'([a-z]+\.[a-z_]+)'/", file_get_contents($file), $found);
            array_push($called, ...$found[1]);
        }
        sort($operations);
        sort($called);
        self::assertSame($operations, $called);
        self::assertGreaterThan(40, count($operations));
    }

    public function testEveryFunctionOfTheHeaderIsUsedButTheseFew(): void
    {
        $declared = Header::functions();
        self::assertGreaterThan(90, count($declared));
        $source = self::source();
        $unused = array_filter($declared, static fn (string $name) => !preg_match("/\\b$name\\b/", $source));
        self::assertEqualsCanonicalizing(array_keys(self::NOT_CALLED), $unused);
        preg_match_all('/gatepass_[a-z_]+(?=[\'(])/', $source, $called);
        self::assertSame([], array_values(array_diff(array_unique($called[0]), $declared)), 'called but not declared');
    }

    public function testTheEnumsAreThoseOfTheHeader(): void
    {
        foreach (Header::enumerators('gatepass_mode') as $name => $number) {
            $case = Mode::from(strtolower(substr($name, strlen('GATEPASS_MODE_'))));
            self::assertSame($number, $case->number());
        }
        self::assertCount(count(Header::enumerators('gatepass_mode')), Mode::cases());
        foreach (['state' => TokenState::class, 'origin' => Origin::class] as $getter => $enum) {
            $numbers = Header::enumerators($getter === 'state' ? 'gatepass_token_state' : 'gatepass_origin');
            self::assertCount(count($numbers) + 1, $enum::cases());
            foreach ($numbers as $number) {
                self::assertSame($number, Header::number($getter, $enum::fromNumber($number)));
            }
        }
    }

    public function testTheVersionOfTheInterfaceIsTheHeaders(): void
    {
        self::assertSame(
            ['GATEPASS_ABI_VERSION' => Loader::ABI_VERSION, 'GATEPASS_ABI_REVISION' => Loader::ABI_REVISION],
            Header::enumerators('gatepass_abi'),
        );
    }

    public function testThePackagesHeaderIsTheLibrarys(): void
    {
        self::assertFileEquals(dirname(__DIR__, 3) . '/include/gatepass.h', Loader::header());
    }

    public function testWhatANewerLibraryAddsIsNotFatal(): void
    {
        self::assertSame(TokenState::Unknown, TokenState::fromNumber(99));
        self::assertSame(Origin::Unknown, Origin::fromName('by_pigeon'));
        self::assertSame(LinkState::Unknown, LinkState::fromName('folded'));
        self::assertSame([LinkEnd::Unknown, null], [LinkEnd::fromName('eaten'), LinkEnd::fromName(null)]);
        self::assertSame(Reason::Unknown, Reason::fromName('moon_full'));
        self::assertSame('code_2999', Failure::name(Library::get(), 2999));
        $refused = Failure::of(Library::get(), 2999);
        self::assertInstanceOf(Refused::class, $refused);
        self::assertSame(Reason::Unknown, $refused->reason);
        self::assertInstanceOf(InternalError::class, Failure::of(Library::get(), 9999));
    }

    private static function source(): string
    {
        $files = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(dirname(__DIR__) . '/src'));
        $source = '';
        foreach ($files as $file) {
            $source .= $file->isFile() ? file_get_contents($file->getPathname()) : '';
        }
        return $source;
    }
}
