<?php

/*
 * Opens sign-in links of e-mails, `signin.php?…`, as hooks.php makes them. A file `signin.php` in WHMCS's own folder
 * leads here; docs/email-links.md says how.
 *
 * The names are long because WHMCS's init.php shares them: it runs in the same, global scope.
 */

declare(strict_types=1);

use GatepassWhmcs\Config;
use GatepassWhmcs\LinkPage;
use GatepassWhmcs\Pages;
use GatepassWhmcs\Request;
use GatepassWhmcs\Response;
use GatepassWhmcs\Whmcs;

require __DIR__ . '/classes/load.php';

// What the browser sent, as it was before anything else could change it.
$gatepassRequest = Request::received();
$gatepassResponse = $gatepassRequest->answerWithoutWhmcs();
if ($gatepassResponse !== null) {
    $gatepassResponse->send();
    exit;
}

try {
    $gatepassPage = LinkPage::open(Config::read(__DIR__ . '/config.php', dirname(__DIR__)));
    // What WHMCS prints, be it a warning, must not go out before the headers.
    ob_start();
    // WHMCS starts before the link is used: when its database is down, no use is spent.
    require dirname(__DIR__) . '/init.php';
    $gatepassResponse = $gatepassPage->answer($gatepassRequest, new Whmcs());
} catch (\Throwable $gatepassFault) {
    $gatepassResponse = Pages::fault(Response::reference(), $gatepassFault);
}
$gatepassResponse->send();
exit;
