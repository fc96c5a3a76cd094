<?php

// What all peers in PHP have in common: they do what the bench's lines say, and answer how long it took.

declare(strict_types=1);

namespace Bench;

use PDO;

/** Whose results an act works on: a redemption takes the tokens that were issued before it. */
const AFTER = [
    'inspect' => 'issue',
    'redeem' => 'issue',
    'check' => 'redeem',
    'verify' => 'sign',
    'accept' => 'sign',
    'refuse' => 'forge',
];

/**
 * Answers lines until there are no more.
 *
 * @param array<string, callable> $acts They take what the act before them gave.
 * @param array<string, string>   $versions
 */
function serve(array $acts, array $versions = [], string $sync = ''): void
{
    say(['ready' => true, 'versions' => ['php' => PHP_VERSION] + $versions, 'sync' => $sync]);
    $given = [];
    while (($line = fgets(STDIN)) !== false) {
        $asked = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
        say($asked['act'] === 'pairs'
            ? pairs($acts['issue'], $acts['redeem'], $asked['milliseconds'])
            : ['seconds' => timed($acts[$asked['act']], $asked['act'], $asked['count'], $given)]);
    }
}

/** @param array<string, list<mixed>> $given What each act gave last. */
function timed(callable $act, string $name, int $count, array &$given): float
{
    $before = isset(AFTER[$name]) ? $given[AFTER[$name]] : range(0, $count - 1);
    $gave = [];
    $began = hrtime(true);
    for ($number = 0; $number < $count; $number++) {
        $gave[] = $act($before[$number]);
    }
    $took = (hrtime(true) - $began) / 1e9;
    $given[$name] = $gave;
    return $took;
}

/**
 * Issues and redeems by turns until the time is over.
 *
 * @return array<string, int|float> How long each act of the pairs took, in microseconds.
 */
function pairs(callable $issue, callable $redeem, int $milliseconds): array
{
    $waits = [];
    $began = $now = hrtime(true);
    $until = $began + $milliseconds * 1_000_000;
    while ($now < $until) {
        $token = $issue(0);
        $issued = hrtime(true);
        $redeem($token);
        $redeemed = hrtime(true);
        array_push($waits, ($issued - $now) / 1000, ($redeemed - $issued) / 1000);
        $now = $redeemed;
    }
    sort($waits);
    $number = count($waits);
    return [
        'pairs' => intdiv($number, 2),
        'seconds' => ($now - $began) / 1e9,
        'p50' => $waits[intdiv($number, 2)],
        'p99' => $waits[intdiv($number * 99, 100)],
        'worst' => $waits[$number - 1],
    ];
}

/** @return array<string, string> */
function sqlite(PDO $pdo): array
{
    return ['sqlite' => $pdo->query('SELECT sqlite_version()')->fetchColumn()];
}

/** The call by which the SQLite of this process syncs: one without fdatasync was built to call fsync. */
function syncCall(): string
{
    preg_match('~ (/\S*/libsqlite3\.so\S*)$~m', (string) file_get_contents('/proc/self/maps'), $found);
    $library = (string) file_get_contents($found[1] ?? PHP_BINARY);
    return str_contains($library, "\0fdatasync\0") ? 'fdatasync' : 'fsync';
}

function say(array $answer): void
{
    fwrite(STDOUT, json_encode($answer, JSON_THROW_ON_ERROR) . "\n");
}
