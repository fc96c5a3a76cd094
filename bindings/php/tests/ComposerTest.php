<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Native\Loader;
use PHPUnit\Framework\TestCase;

/** An empty project installs the package as the README says, without the network. */
final class ComposerTest extends TestCase
{
    public function testAnEmptyProjectInstallsThePackageAndRunsTheExample(): void
    {
        $folder = Folder::make();
        try {
            $project = json_decode(Readme::blocks('json'), true, 512, JSON_THROW_ON_ERROR);
            $project['repositories'][0]['url'] = dirname(__DIR__);
            array_unshift($project['repositories'], ['packagist.org' => false]);
            file_put_contents("$folder/composer.json", json_encode($project));
            $environment = [
                'COMPOSER_HOME' => "$folder/home",
                'COMPOSER_ALLOW_SUPERUSER' => '1',
                'COMPOSER_DISABLE_NETWORK' => '1',
                'GATEPASS_LIBRARY' => null,
            ];
            $composer = ['composer', '--no-interaction', '--no-ansi'];
            [$status, $said] = Php::command([...$composer, 'install'], $environment, $folder);
            self::assertSame(0, $status, $said);
            $validate = [...$composer, 'validate', '--strict', dirname(__DIR__) . '/composer.json'];
            [$status, $said] = Php::command($validate, $environment);
            self::assertSame(0, $status, $said);

            $package = "$folder/vendor/gatepass/gatepass";
            self::assertFalse(is_link($package));
            foreach (['endpoints.php', 'public/includes/api.php', 'public/dologin.php', 'public/signin.php'] as $script) {
                self::assertFileEquals(dirname(__DIR__) . "/$script", "$package/$script");
            }
            foreach (['LICENSE-MIT', 'LICENSE-APACHE'] as $licence) {
                self::assertFileEquals(dirname(__DIR__, 3) . "/$licence", "$package/$licence");
            }
            copy(Loader::absolute(Loader::find(Loader::candidates())), "$package/lib/libgatepass.so");
            file_put_contents("$folder/example.php", Readme::blocks('php'));
            $options = ['-d', 'error_reporting=-1', '-d', 'display_errors=1', '-d', "sys_temp_dir=$folder"];
            [$status, $said] = Php::command([PHP_BINARY, ...$options, 'example.php'], $environment, $folder);
            self::assertSame([0, Readme::blocks('text')], [$status, $said]);

            $header = ["$folder/vendor/bin/gatepass-ffi-header", "$folder/header.h"];
            [$status, $said] = Php::command($header, $environment);
            self::assertSame(0, $status, $said);
            self::assertStringContainsString("\"$package/lib/libgatepass.so\"", file_get_contents("$folder/header.h"));
        } finally {
            Folder::remove($folder);
        }
    }
}
