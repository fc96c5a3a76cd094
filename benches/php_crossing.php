<?php

/*
 * What a call through PHP costs: issue (which is not synced) and inspect, in microseconds, as one line of JSON.
 *
 *     GATEPASS_LIBRARY=… php benches/php_crossing.php [rounds]
 */

declare(strict_types=1);

use Gatepass\Gatepass;
use Gatepass\Mode;
use Gatepass\Model\Versions;

spl_autoload_register(static function (string $class): void {
    $name = str_replace('\\', '/', substr($class, strlen('Gatepass\\')));
    require dirname(__DIR__) . "/bindings/php/src/$name.php";
});

/** The median, the 99th percentile and the mean of the rounds, each of them timed on its own. */
function measure(int $rounds, callable $call): array
{
    for ($round = 0; $round < min(200, $rounds); $round++) {
        $call();
    }
    $times = [];
    for ($round = 0; $round < $rounds; $round++) {
        $started = hrtime(true);
        $call();
        $times[] = (hrtime(true) - $started) / 1000;
    }
    sort($times);
    return [
        'median_us' => round($times[intdiv($rounds, 2)], 2),
        'p99_us' => round($times[intdiv($rounds * 99, 100)], 2),
        'mean_us' => round(array_sum($times) / $rounds, 2),
    ];
}

$rounds = (int) ($argv[1] ?? 5_000);
if ($rounds < 1) {
    fwrite(STDERR, "usage: php benches/php_crossing.php [rounds]\n");
    exit(2);
}
$folder = sys_get_temp_dir() . '/gatepass-bench-' . getmypid();
mkdir($folder, 0700);
try {
    $gate = Gatepass::init("$folder/gatepass.db", Mode::Managed, 'https://billing.example.com');
    $gate->users()->add('ann@example.com');
    $gate->clients()->add('ann@example.com', owner: 1);
    $caller = $gate->caller();
    $token = $gate->issue($caller, clientId: 1)->token();
    $result = [
        'language' => 'php',
        'version' => PHP_VERSION,
        'library' => Versions::get()->library,
        'rounds' => $rounds,
        'issue' => measure($rounds, static fn () => $gate->issue($caller, clientId: 1)),
        'inspect' => measure($rounds, static fn () => $gate->inspect($token)),
        'open_kept' => measure($rounds, static fn () => Gatepass::open("$folder/gatepass.db")),
    ];
    $gate->close();
    echo json_encode($result), "\n";
} finally {
    array_map(unlink(...), glob("$folder/*"));
    rmdir($folder);
}
