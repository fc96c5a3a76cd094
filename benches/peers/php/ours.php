<?php

// ours.php FILE kept|request: Gatepass through its PHP package. `request` starts from nothing for each act, as a request
// of php-fpm does; what lives in the process beyond it is what the library keeps.

declare(strict_types=1);

namespace Bench;

use Closure;
use Gatepass\Gatepass;
use Gatepass\Model\Versions;
use Gatepass\Native\Library;

require __DIR__ . '/child.php';
require __DIR__ . '/autoload.php';

[, $path, $shape] = $argv;

$kept = Gatepass::open($path);
$caller = $kept->caller('cli');
$forget = Closure::bind(static function (): void {
    self::$loaded = null;
}, null, Library::class);

$issue = static fn (Gatepass $gate, $caller) => $gate->issue(
    $caller,
    clientId: 1,
    destination: 'clientarea:product_details',
    serviceId: 1,
)->token();

$acts = $shape === 'kept' ? [
    'issue' => static fn () => $issue($kept, $caller),
    'inspect' => static fn (string $token) => $kept->inspect($token),
    'redeem' => static fn (string $token) => $kept->redeem($token)->session(),
    'check' => static fn (string $session) => $kept->checkSession($session),
] : [
    'issue' => static function () use ($path, $issue, $forget): string {
        $forget();
        $gate = Gatepass::open($path);
        return $issue($gate, $gate->caller('cli'));
    },
    'redeem' => static function (string $token) use ($path, $forget): string {
        $forget();
        return Gatepass::open($path)->redeem($token)->session();
    },
];
if ($shape !== 'kept') {
    unset($kept, $caller);
}
serve($acts, ['sqlite' => Versions::get()->sqlite]);
