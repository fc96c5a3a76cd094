<?php

// Tries all tokens of its standard input on a store, from a given moment on, and says what came of each.

declare(strict_types=1);

use Gatepass\Exception\GatepassException;
use Gatepass\Gatepass;
use Gatepass\TokenState;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

[, $path, $way, $start] = $argv;
$tokens = preg_split('/\s+/', trim(stream_get_contents(STDIN)));

$spend = static function (Gatepass $gate, string $token): string {
    try {
        $gate->redeem($token);
    } catch (GatepassException $error) {
        return $error->codeName();
    }
    return 'ok';
};

// Deliberately broken: what others do between the look and the act is not seen.
$lookFirst = static function (Gatepass $gate, string $token) use ($spend): string {
    if ($gate->inspect($token)->state !== TokenState::Live) {
        return 'token_redeemed';
    }
    $spend($gate, $token);
    return 'ok';
};

$gate = Gatepass::open($path);
usleep((int) max(0, (int) $start * 1000 - microtime(true) * 1000000));
foreach ($tokens as $token) {
    echo $way === 'redeem' ? $spend($gate, $token) : $lookFirst($gate, $token), "\n";
}
