<?php

// The work of the bench, from PHP: see main.rs.

declare(strict_types=1);

use Gatepass\Gatepass;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

[, $path, $count] = $argv;

function timed(int $count, callable $act): array
{
    $begun = hrtime(true);
    $given = array_map($act, range(0, $count - 1));
    echo (hrtime(true) - $begun) / 1000 / $count, "\n";
    return $given;
}

$gate = Gatepass::open($path);
$caller = $gate->caller('cli');
$count = (int) $count;
$tokens = timed($count, static fn () => $gate->issue(
    $caller,
    clientId: 1,
    destination: 'clientarea:invoices',
    actor: 'bench',
)->token());
timed($count, static fn (int $number) => $gate->inspect($tokens[$number]));
$sessions = timed($count, static fn (int $number) => $gate->redeem($tokens[$number])->session());
timed($count, static fn (int $number) => $gate->checkSession($sessions[$number]));
