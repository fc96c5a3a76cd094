<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use PHPUnit\Framework\TestCase;

/** The README's example does what it says. */
final class ReadmeTest extends TestCase
{
    public function testTheExampleRunsAsPrinted(): void
    {
        $folder = Folder::make();
        mkdir("$folder/vendor");
        $bootstrap = var_export(__DIR__ . '/bootstrap.php', true);
        file_put_contents("$folder/vendor/autoload.php", "<?php require $bootstrap;");
        file_put_contents("$folder/example.php", Readme::blocks('php'));
        $options = ['-d', 'error_reporting=-1', '-d', 'display_errors=1', '-d', "sys_temp_dir=$folder"];
        [$status, $said] = Php::command([PHP_BINARY, ...$options, 'example.php'], folder: $folder);
        Folder::remove($folder);
        self::assertSame([0, Readme::blocks('text')], [$status, $said]);
    }
}
