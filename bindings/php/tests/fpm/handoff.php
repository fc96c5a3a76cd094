<?php

// One whole hand-over as a web request does it, and what the worker looks like. `plain` and `leak` are the broken
// variants that the tests must notice.

declare(strict_types=1);

use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Request;
use Gatepass\Reason;

parse_str($_SERVER['QUERY_STRING'] ?? '', $asked);
$store = $_SERVER['GATEPASS_TEST_STORE'];

/** Does this process hold the store open? Only links are read: opening the file would cost SQLite its locks. */
function holds(string $store): bool
{
    foreach (scandir('/proc/self/fd') as $descriptor) {
        if (@readlink("/proc/self/fd/$descriptor") === $store) {
            return true;
        }
    }
    return false;
}

$told = ['pid' => getmypid(), 'held' => holds($store)];
try {
    $gate = Gatepass::open($store, kept: !isset($asked['plain']));
    $issued = $gate->issue($gate->caller(), clientId: 1);
    $told['user'] = $gate->redeem($issued->token(), address: '203.0.113.9')->userId;
    try {
        $gate->redeem($issued->token());
        $told['again'] = 'redeemed twice';
    } catch (Refused $refused) {
        $told['again'] = $refused->reason === Reason::TokenRedeemed ? 'refused' : $refused->codeName();
    }
    if (isset($asked['leak'])) {
        $lost = Request::of(Library::get(), ['actor' => str_repeat('a', 16_384)]);
        // The handle forgets what it owns, so nobody frees it.
        (new ReflectionProperty(Handle::class, 'pointer'))->setValue($lost, null);
    }
} catch (Throwable $error) {
    $told['error'] = $error::class . ': ' . $error->getMessage();
}
preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents('/proc/self/status'), $resident);
$told['kib'] = (int) $resident[1];
echo json_encode($told);
