<?php

// Tries what its standard input tells, one thing a line, each at a moment of the clock that all processes share, and
// says on its standard output what came of it: outcome, begin and end in microseconds.

declare(strict_types=1);

use Gatepass\Exception\GatepassException;
use Gatepass\Gatepass;
use Gatepass\LinkState;
use Gatepass\TokenState;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

[, $path, $deadline, $byHand] = $argv;

$spent = static function (callable $spend): string {
    try {
        $spend();
    } catch (GatepassException $error) {
        return $error->codeName();
    }
    return 'ok';
};

$gate = Gatepass::open($path, deadline: (float) $deadline);
// A table of one's own, as they are written by hand. What talks to it is a package of its own (php-sqlite3).
$table = extension_loaded('pdo_sqlite') ? new PDO("sqlite:$byHand", options: [PDO::ATTR_TIMEOUT => 60]) : null;

$ways = [
    'redeem' => static fn (string $token): string => $spent(static fn () => $gate->redeem($token)),
    'open' => static fn (string $link): string => $spent(static fn () => $gate->openLink($link)),
    // Deliberately broken from here on: what others do between the look and the act is not seen.
    'look-redeem' => static function (string $token) use ($gate, $spent): string {
        if ($gate->inspect($token)->state !== TokenState::Live) {
            return 'token_redeemed';
        }
        $spent(static fn () => $gate->redeem($token));
        return 'ok';
    },
    'look-open' => static function (string $link) use ($gate, $spent): string {
        if ($gate->inspectLink($link)->state !== LinkState::Live) {
            return 'link_used';
        }
        $spent(static fn () => $gate->openLink($link));
        return 'ok';
    },
    'by-hand' => static function (string $token) use ($table): string {
        $look = $table->prepare('SELECT used FROM token WHERE name = ?');
        $look->execute([$token]);
        if ((int) $look->fetchColumn() === 1) {
            return 'token_redeemed';
        }
        $look->closeCursor();
        $table->prepare('UPDATE token SET used = 1 WHERE name = ?')->execute([$token]);
        return 'ok';
    },
];

echo "@ready\n";
while (($line = fgets(STDIN)) !== false) {
    [$moment, $way, $name] = explode(' ', trim($line));
    usleep((int) max(0, (int) $moment - hrtime(true) / 1000 - 300));
    while (hrtime(true) / 1000 < (int) $moment) {
    }
    $begin = intdiv(hrtime(true), 1000);
    $outcome = $ways[$way]($name);
    echo sprintf("@%s %d %d\n", $outcome, $begin, intdiv(hrtime(true), 1000));
}
