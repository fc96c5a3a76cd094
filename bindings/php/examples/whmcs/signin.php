<?php

/*
 * Opens the sign-in links that gatepass-mail-links.php put into e-mails. NOT TRIED ON A REAL WHMCS.
 *
 * It stands in WHMCS's root, beside `gatepass/`, since the links lead there. The names are long because WHMCS's
 * init.php shares them: it runs in the same, global scope.
 */

declare(strict_types=1);

use GatepassWhmcs\Config;
use GatepassWhmcs\LinkPage;
use GatepassWhmcs\Pages;
use GatepassWhmcs\Request;
use GatepassWhmcs\Response;
use GatepassWhmcs\Whmcs;

require __DIR__ . '/gatepass/classes/load.php';

$gatepassRequest = Request::received();
$gatepassResponse = $gatepassRequest->earlyAnswer();
try {
    if ($gatepassResponse === null) {
        $gatepassPage = LinkPage::open(Config::read(__DIR__ . '/gatepass/config.php', __DIR__));
        $gatepassResponse = $gatepassPage->look($gatepassRequest);
    }
    if ($gatepassResponse === null) {
        // What WHMCS prints, be it a warning, must not go out before the headers.
        ob_start();
        require __DIR__ . '/init.php';
        $gatepassResponse = $gatepassPage->signIn($gatepassRequest, new Whmcs());
    }
} catch (\Throwable $gatepassFault) {
    $gatepassResponse = Pages::fault(Response::reference(), $gatepassFault, 'signin');
}
$gatepassResponse->send();
exit;
