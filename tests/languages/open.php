<?php

// Opens all sign-in links of its standard input on a store, from a given moment on, and says what came of each.

declare(strict_types=1);

use Gatepass\Exception\GatepassException;
use Gatepass\Gatepass;
use Gatepass\LinkState;

spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../bindings/php/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

[, $path, $way, $start] = $argv;
$links = preg_split('/\s+/', trim(stream_get_contents(STDIN)));

$open = static function (Gatepass $gate, string $link): string {
    try {
        $gate->openLink($link);
    } catch (GatepassException $error) {
        return $error->codeName();
    }
    return 'ok';
};

// Deliberately broken: what others do between the look and the act is not seen.
$lookFirst = static function (Gatepass $gate, string $link) use ($open): string {
    if ($gate->inspectLink($link)->state !== LinkState::Live) {
        return 'link_used';
    }
    $open($gate, $link);
    return 'ok';
};

$gate = Gatepass::open($path);
usleep((int) max(0, (int) $start * 1000 - microtime(true) * 1000000));
foreach ($links as $link) {
    echo $way === 'open' ? $open($gate, $link) : $lookFirst($gate, $link), "\n";
}
