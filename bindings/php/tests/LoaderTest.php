<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\FfiClosed;
use Gatepass\Exception\LibraryMismatch;
use Gatepass\Exception\LibraryNotFound;
use Gatepass\Native\Loader;
use PHPUnit\Framework\TestCase;

/** The library is found where it may be, and an error says where it was looked for and what to do. */
final class LoaderTest extends TestCase
{
    private const ASK = 'echo Gatepass\Model\Versions::get()->abiVersion;';

    private string $folder;
    private string $library;

    protected function setUp(): void
    {
        $this->folder = Folder::make();
        $this->library = Loader::absolute(Loader::find(Loader::candidates()));
    }

    protected function tearDown(): void
    {
        Folder::remove($this->folder);
    }

    public function testALibraryThatIsNotThereIsNamed(): void
    {
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => '/nowhere/libgatepass.so']);
        self::assertStringStartsWith(LibraryNotFound::class, $said);
        self::assertStringContainsString('/nowhere/libgatepass.so: not there', $said);
        self::assertStringContainsString('GATEPASS_LIBRARY', $said);
    }

    public function testEveryPlaceThatWasTriedIsListed(): void
    {
        $package = $this->package();
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => null], package: $package);
        self::assertStringContainsString("$package/lib/libgatepass.so: not there", $said);
        self::assertStringContainsString("{$this->folder}/target/release/libgatepass.so: not there", $said);
        self::assertStringContainsString("libgatepass.so.1: not known to the system's loader", $said);
    }

    public function testWhatIsNoLibraryIsToldFromWhatIsNotThere(): void
    {
        file_put_contents("{$this->folder}/text.so", 'hello');
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => "{$this->folder}/text.so"]);
        self::assertStringContainsString('text.so: is there, but can not be loaded', $said);
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => $this->compile('int other(void) { return 0; }')]);
        self::assertStringContainsString('is no libgatepass', $said);
    }

    public function testALibraryOfAnotherInterfaceIsRefusedBeforeItsFunctionsAreLookedUp(): void
    {
        $fake = $this->compile(self::versions(7, 3));
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => $fake]);
        self::assertStringStartsWith(LibraryMismatch::class, $said);
        self::assertStringContainsString("$fake has the interface 7.3, this package needs 1.0", $said);
    }

    public function testALibraryThatLacksFunctionsIsAMismatch(): void
    {
        $fake = $this->compile(self::versions(1, 0));
        $said = Php::run(self::ASK, ['GATEPASS_LIBRARY' => $fake]);
        self::assertStringStartsWith(LibraryMismatch::class, $said);
        self::assertStringContainsString('Failed resolving C function', $said);
    }

    public function testItIsFoundInThePackageInACheckoutAndByTheSystem(): void
    {
        $package = $this->package();
        mkdir("{$this->folder}/system");
        // The last that is added is looked at first.
        $places = [
            "{$this->folder}/system/libgatepass.so.1",
            "{$this->folder}/target/release/libgatepass.so",
            "$package/lib/libgatepass.so",
        ];
        $ask = 'Gatepass\Model\Versions::get();'
            . 'preg_match("~ (/.*libgatepass.*)$~m", file_get_contents("/proc/self/maps"), $found); echo $found[1];';
        foreach ($places as $place) {
            copy($this->library, $place);
            $environment = ['GATEPASS_LIBRARY' => null, 'LD_LIBRARY_PATH' => "{$this->folder}/system"];
            self::assertSame($place, Php::run($ask, $environment, package: $package));
            [$status] = Php::command(["$package/bin/gatepass-ffi-header", "{$this->folder}/header.h"], $environment);
            self::assertSame(0, $status);
            self::assertStringStartsWith(
                "#define FFI_SCOPE \"GATEPASS\"\n#define FFI_LIB \"$place\"\n",
                file_get_contents("{$this->folder}/header.h"),
            );
        }
    }

    public function testAScopeIsUsedAndAnOldHeaderInItIsRefused(): void
    {
        $header = "{$this->folder}/header.h";
        $command = [dirname(__DIR__) . '/bin/gatepass-ffi-header', $header];
        [$status, $said] = Php::command($command, ['GATEPASS_LIBRARY' => $this->library]);
        self::assertSame([0, "ffi.preload=$header\n"], [$status, $said]);
        $options = ['-d', 'opcache.enable_cli=1', '-d', "ffi.preload=$header"];
        // Nothing else would be found.
        $nowhere = ['GATEPASS_LIBRARY' => '/nowhere'];
        self::assertSame('1', Php::run(self::ASK, $nowhere, $options));
        $old = str_replace('GATEPASS_ABI_VERSION = 1,', 'GATEPASS_ABI_VERSION = 2,', file_get_contents($header));
        file_put_contents($header, $old);
        $said = Php::run(self::ASK, $nowhere, $options);
        self::assertStringStartsWith(LibraryMismatch::class, $said);
        self::assertStringContainsString('bin/gatepass-ffi-header', $said);
        // Another file that took the name of the scope.
        $foreign = "#define FFI_SCOPE \"GATEPASS\"\n#define FFI_LIB \"libc.so.6\"\nint getpid(void);\n";
        file_put_contents($header, $foreign);
        $said = Php::run(self::ASK, $nowhere, $options);
        self::assertStringStartsWith(LibraryMismatch::class, $said);
        self::assertStringContainsString('bin/gatepass-ffi-header', $said);
    }

    public function testAHeaderIsNotWrittenForALibraryThatIsNone(): void
    {
        $command = [dirname(__DIR__) . '/bin/gatepass-ffi-header', "{$this->folder}/header.h"];
        self::assertSame(1, Php::command($command, ['GATEPASS_LIBRARY' => '/nowhere'])[0]);
        self::assertFileDoesNotExist("{$this->folder}/header.h");
        self::assertSame(2, Php::command([$command[0]])[0]);
    }

    public function testAClosedFfiSaysWhatToSet(): void
    {
        $said = Php::run(self::ASK, options: ['-d', 'ffi.enable=0']);
        self::assertStringStartsWith(FfiClosed::class, $said);
        self::assertStringContainsString('ffi.enable=preload', $said);
        $said = Php::run(self::ASK, options: ['-n']);
        self::assertStringStartsWith(FfiClosed::class, $said);
        self::assertStringContainsString('extension=ffi', $said);
    }

    public function testIncludingTheFilesDoesNothing(): void
    {
        $include = 'foreach (new RegexIterator(new RecursiveIteratorIterator(new RecursiveDirectoryIterator('
            . var_export(dirname(__DIR__) . '/src', true) . ')), "/php$/") as $file) { require_once $file; }';
        self::assertSame('', Php::run($include, ['GATEPASS_LIBRARY' => '/nowhere'], ['-d', 'ffi.enable=0']));
    }

    /** The package as in a checkout. */
    private function package(): string
    {
        $package = "{$this->folder}/bindings/php";
        mkdir("$package/lib", recursive: true);
        mkdir("{$this->folder}/target/release", recursive: true);
        mkdir("{$this->folder}/bindings/c");
        touch("{$this->folder}/bindings/c/Cargo.toml");
        foreach (['src', 'include', 'bin'] as $part) {
            Php::command(['cp', '-R', dirname(__DIR__) . "/$part", $package]);
        }
        return $package;
    }

    /** What every library of ours answers first. */
    private static function versions(int $version, int $revision): string
    {
        return "int gatepass_abi_version(void) { return $version; }"
            . "int gatepass_abi_revision(void) { return $revision; }";
    }

    private function compile(string $source): string
    {
        $name = "{$this->folder}/fake" . md5($source);
        file_put_contents("$name.c", $source);
        [$status, $said] = Php::command(['cc', '-shared', '-fPIC', '-o', "$name.so", "$name.c"]);
        self::assertSame(0, $status, $said);
        return "$name.so";
    }
}
