<?php

/*
 * A sign-in link in the mails about an invoice, on WHMCS. NOT TRIED ON A REAL WHMCS: written from its public
 * documentation, and tested against a stand-in.
 *
 * Put this file into `includes/hooks/`, and `signin.php` and the folder `gatepass/`, with its config.php, beside
 * WHMCS's init.php. The store is of mode `host`. In the templates of the mails:
 *
 *     {if $gatepass_invoice_link}{$gatepass_invoice_link}{else}{$invoice_link}{/if}
 *
 * A mail gets no link if the client's owner has another address than the client, or if a contact gets a copy: whoever
 * has the mail can sign in. The links end when the owner's or the client's e-mail address or password is changed.
 */

declare(strict_types=1);

use GatepassWhmcs\MailLinks;

if (!defined('WHMCS')) {
    exit;
}
require_once dirname(__DIR__, 2) . '/gatepass/classes/load.php';

(static function (MailLinks $links): void {
    add_hook('EmailPreSend', 1, $links->fields(...));
    add_hook('UserChangePassword', 1, $links->userChangedPassword(...));
    add_hook('ClientChangePassword', 1, $links->clientChangedPassword(...));
    add_hook('UserEdit', 1, $links->userEdited(...));
    add_hook('ClientEdit', 1, $links->clientEdited(...));
})(new MailLinks(dirname(__DIR__, 2)));
