<?php

// by_hand.php Naive|Careful FILE kept|request: tokens by hand. `request` connects anew for each act, as a page does.

declare(strict_types=1);

namespace Bench;

require __DIR__ . '/child.php';
require __DIR__ . '/Naive.php';
require __DIR__ . '/Careful.php';

[, $how, $path, $shape] = $argv;
$class = __NAMESPACE__ . "\\$how";
if (!file_exists($path)) {
    $class::create($path);
}
$first = new $class($path);
$versions = $first->versions();
$kept = $shape === 'kept' ? $first : null;
unset($first);
serve([
    'issue' => static fn () => ($kept ?? new $class($path))->issue(),
    'redeem' => static fn (string $token) => ($kept ?? new $class($path))->redeem($token),
], $versions, syncCall());
