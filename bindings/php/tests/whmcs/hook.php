<?php

// Stands in for WHMCS where it calls hooks: php hook.php ROOT NAME JSON. The merged answer of all of them is printed.

declare(strict_types=1);

define('WHMCS', true);

function add_hook(string $name, int $priority, callable $hook): void
{
    $GLOBALS['hooks'][$name][] = $hook;
}

[, $root, $name, $told] = $argv;
ob_start();
require "$root/init.php";
foreach (glob("$root/includes/hooks/*.php") as $file) {
    require $file;
}
$answer = [];
foreach ($GLOBALS['hooks'][$name] as $hook) {
    $answer = [...$answer, ...($hook(json_decode($told, true, flags: JSON_THROW_ON_ERROR)) ?? [])];
}
// What the stand-in printed.
while (ob_get_level() > 0 && ob_end_clean()) {
}
echo json_encode((object) $answer);
