<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Exception\StoreInDocumentRoot;
use Gatepass\Gatepass;
use Gatepass\Mode;
use Gatepass\Native\DocumentRoot;
use PHPUnit\Framework\TestCase;

/** A store in the document root is refused; `FpmTest` shows it in a web request. */
final class DocumentRootTest extends TestCase
{
    private string $folder;

    protected function setUp(): void
    {
        $this->folder = Folder::make();
        mkdir("{$this->folder}/public");
        mkdir("{$this->folder}/public-not");
        mkdir("{$this->folder}/private");
        touch("{$this->folder}/private/there.db");
        symlink("{$this->folder}/public", "{$this->folder}/www");
        symlink("{$this->folder}/private/there.db", "{$this->folder}/public/link.db");
        symlink("{$this->folder}/private", "{$this->folder}/public/data");
        symlink("{$this->folder}/public", "{$this->folder}/private/back");
    }

    protected function tearDown(): void
    {
        Folder::remove($this->folder);
    }

    /** @dataProvider inside */
    public function testAStoreInsideIsRefusedByWhateverPath(string $root, string $file): void
    {
        $this->expectException(StoreInDocumentRoot::class);
        $this->expectExceptionMessage('document root');
        DocumentRoot::refuseInside("{$this->folder}/$root", "{$this->folder}/$file");
    }

    public static function inside(): array
    {
        return [
            'plainly' => ['public', 'public/gatepass.db'],
            'deeper' => ['public', 'public/a/b/gatepass.db'],
            'with dots' => ['public', 'private/../public/./gatepass.db'],
            'with a slash behind the root' => ['public/', 'public/gatepass.db'],
            'the root is a link' => ['www', 'public/gatepass.db'],
            'by the name of the link' => ['www', 'www/gatepass.db'],
            'a link outside leads in' => ['public', 'private/back/gatepass.db'],
            'a link inside leads to the file' => ['public', 'public/link.db'],
            'a link inside leads to the folder' => ['public', 'public/data/there.db'],
        ];
    }

    /** @dataProvider outside */
    public function testAStoreOutsideIsNot(string $root, string $file): void
    {
        DocumentRoot::refuseInside("{$this->folder}/$root", "{$this->folder}/$file");
        $this->addToAssertionCount(1);
    }

    public static function outside(): array
    {
        return [
            'beside' => ['public', 'private/there.db'],
            'not there yet' => ['public', 'private/new.db'],
            'a name that begins alike' => ['public', 'public-not/gatepass.db'],
            'with dots' => ['public', 'public/../private/there.db'],
        ];
    }

    public function testARelativePathCountsFromTheWorkingDirectory(): void
    {
        $before = getcwd();
        chdir("{$this->folder}/public");
        try {
            $this->expectException(StoreInDocumentRoot::class);
            DocumentRoot::refuseInside("{$this->folder}/public", 'gatepass.db');
        } finally {
            chdir($before);
        }
    }

    public function testABackupOrASealingKeyInItIsRefusedInAWebServer(): void
    {
        // PHP's own web server lets scripts use FFI only when told to.
        $bootstrap = var_export(__DIR__ . '/bootstrap.php', true);
        file_put_contents("{$this->folder}/public/index.php", <<<SCRIPT
            <?php
            require $bootstrap;
            \$store = __DIR__ . '/../private/gatepass.db';
            \$gate = Gatepass\\Gatepass::init(\$store, Gatepass\\Mode::Host, 'https://billing.example.com');
            try {
                \$gate->store()->backup(__DIR__ . '/backup.db');
                echo 'made';
            } catch (Throwable \$error) {
                echo get_class(\$error);
            }
            foreach ([
                fn () => Gatepass\\Gatepass::open(\$store, sealingKeyFile: __DIR__ . '/seal.key'),
                fn () => \$gate->autoAuth()->rotateSeal(__DIR__ . '/seal.key'),
            ] as \$use) {
                try {
                    \$use();
                } catch (Gatepass\\Exception\\StoreInDocumentRoot \$error) {
                    echo ' ', \$error->codeName();
                }
            }
            try {
                Gatepass\\Gatepass::open("\$store\\0");
            } catch (Gatepass\\Exception\\InvalidArgument \$error) {
                echo ' ', \$error->codeName();
            }
            SCRIPT);
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($socket, false);
        fclose($socket);
        $command = [PHP_BINARY, '-d', 'ffi.enable=1', '-S', $address, '-t', "{$this->folder}/public"];
        $server = proc_open($command, [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']], $pipes);
        try {
            for ($tries = 0, $answer = false; $answer === false && $tries < 100; $tries++) {
                usleep(50_000);
                $answer = @file_get_contents("http://$address/");
            }
            $key = ' store_in_document_root';
            self::assertSame(StoreInDocumentRoot::class . "$key$key nul_inside", $answer);
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }

    public function testOnTheCommandLineThereIsNoDocumentRoot(): void
    {
        $_SERVER['DOCUMENT_ROOT'] = "{$this->folder}/public";
        try {
            $store = "{$this->folder}/public/gatepass.db";
            Gatepass::init($store, Mode::Host, 'https://billing.example.com')->close();
        } finally {
            $_SERVER['DOCUMENT_ROOT'] = '';
        }
        self::assertFileExists("{$this->folder}/public/gatepass.db");
    }
}
