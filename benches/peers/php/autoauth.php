<?php

// autoauth.php by_hand|ours FILE: AutoAuth links, verified and accepted.

declare(strict_types=1);

namespace Bench;

use Gatepass\Gatepass;

require __DIR__ . '/child.php';
require __DIR__ . '/Links.php';
require __DIR__ . '/autoload.php';

[, $how, $path] = $argv;
$links = new Links($how === 'by_hand' ? $path : null);
$acts = ['sign' => static fn () => $links->sign(), 'forge' => static fn () => $links->forge()];
if ($how === 'by_hand') {
    serve($acts + [
        'verify' => static fn (string $query) => $links->verify($query) ?? throw new \RuntimeException('refused'),
        'refuse' => static fn (string $query) => $links->verify($query) === null ?: throw new \RuntimeException('accepted'),
        'accept' => static fn (string $query) => $links->accept($query),
    ], sync: syncCall());
} else {
    $gate = Gatepass::open($path);
    serve($acts + [
        'verify' => static fn (string $query) => Gatepass::verifyAutoAuth($query, Links::KEY)
            ?: throw new \RuntimeException('refused'),
        'refuse' => static fn (string $query) => !Gatepass::verifyAutoAuth($query, Links::KEY)
            ?: throw new \RuntimeException('accepted'),
        'accept' => static fn (string $query) =>
            $gate->acceptAutoAuth($query, key: Links::KEY, startSession: false)->email,
    ]);
}
