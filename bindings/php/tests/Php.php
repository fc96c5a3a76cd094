<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** Runs programs beside the tests, where what was loaded here does not count. */
final class Php
{
    /**
     * Run code with the package's classes at hand.
     *
     * @param array<string, ?string> $environment `null` takes a variable away.
     * @param list<string>           $options     For php.
     */
    public static function run(
        string $code,
        array $environment = [],
        array $options = [],
        ?string $package = null,
    ): string {
        $package ??= dirname(__DIR__);
        $autoload = 'spl_autoload_register(static fn ($class) => require ' . var_export("$package/src/", true)
            . ' . strtr(substr($class, 9), "\\\\", "/") . ".php");';
        $catch = "try { $code } catch (Throwable \$error) { echo get_class(\$error), ': ', \$error->getMessage(); }";
        return self::command([PHP_BINARY, ...$options, '-r', "$autoload $catch"], $environment)[1];
    }

    /**
     * @param list<string>           $command
     * @param array<string, ?string> $environment
     * @return array{int, string} The exit status and what was said.
     */
    public static function command(array $command, array $environment = [], ?string $folder = null): array
    {
        $environment = array_filter([...getenv(), ...$environment], static fn ($value) => $value !== null);
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, $folder, $environment);
        $said = stream_get_contents($pipes[1]);
        return [proc_close($process), $said];
    }
}
