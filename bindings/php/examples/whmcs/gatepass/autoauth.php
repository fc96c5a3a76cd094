<?php

/*
 * Answers old AutoAuth links, `dologin.php?email=…&timestamp=…&hash=…`, on WHMCS 8.1 and later, which accepts them no
 * more. The web server sends them here; docs/autoauth.md says how.
 *
 * The names are long because WHMCS's init.php shares them: it runs in the same, global scope.
 */

declare(strict_types=1);

use GatepassWhmcs\AutoAuthPage;
use GatepassWhmcs\Config;
use GatepassWhmcs\Pages;
use GatepassWhmcs\Request;
use GatepassWhmcs\Response;
use GatepassWhmcs\Whmcs;

require __DIR__ . '/classes/load.php';

// What the browser sent, as it was before anything else could change it.
$gatepassRequest = Request::received();
$gatepassResponse = $gatepassRequest->earlyAnswer();
if ($gatepassResponse !== null) {
    $gatepassResponse->send();
    exit;
}

try {
    $gatepassConfig = Config::read(__DIR__ . '/config.php', dirname(__DIR__));
    $gatepassPage = AutoAuthPage::open($gatepassConfig);
    // What WHMCS prints, be it a warning, must not go out before the headers.
    ob_start();
    // WHMCS starts before the link is accepted: when its database is down, the link stays unspent.
    require dirname(__DIR__) . '/init.php';
    $gatepassResponse = $gatepassPage->answer($gatepassRequest, new Whmcs());
} catch (\Throwable $gatepassFault) {
    $gatepassResponse = Pages::fault(Response::reference(), $gatepassFault);
}
$gatepassResponse->send();
exit;
