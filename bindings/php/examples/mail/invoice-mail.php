<?php

/*
 * Writes the mail for an invoice, with a link that signs the reader in and shows it, to standard output:
 *
 *     php invoice-mail.php STORE CLIENT_ID INVOICE_ID NAME ADDRESS | sendmail -t
 *
 * Send it to the client's own address and to nobody else: whoever has it can sign in, until it is used.
 */

declare(strict_types=1);

use Gatepass\Gatepass;

// In an application: Composer's vendor/autoload.php.
spl_autoload_register(static function (string $class): void {
    require dirname(__DIR__, 2) . '/src/' . strtr(substr($class, strlen('Gatepass\\')), '\\', '/') . '.php';
});

const FROM = 'Example Billing <billing@example.com>';
const LIFE = 3 * 86400;

/** Words of a header that may hold any character: encoded (RFC 2047), in pieces that cut no character in two. */
function words(string $text): string
{
    if (preg_match('/\A[A-Za-z0-9 ]{1,60}\z/', $text)) {
        return $text;
    }
    preg_match_all('/.{1,9}/us', $text, $pieces);
    $word = static fn (string $piece): string => '=?UTF-8?B?' . base64_encode($piece) . '?=';
    return implode("\r\n ", array_map($word, $pieces[0]));
}

/** One form of the text. Quoted-printable leaves it readable, and breaks lines so that nobody on the way has to. */
function part(string $type, string $text): string
{
    return "Content-Type: $type; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        . quoted_printable_encode(str_replace("\n", "\r\n", $text)) . "\r\n";
}

[, $store, $client, $invoice, $name, $address] = $argv + array_fill(0, 6, '');
$good = preg_match('/\A[1-9][0-9]{0,17}\z/', $client) && preg_match('/\A[1-9][0-9]{0,17}\z/', $invoice)
    && preg_match('/\A\P{C}{1,100}\z/u', $name) && filter_var($address, FILTER_VALIDATE_EMAIL);
if (!$good || $argc !== 6) {
    fwrite(STDERR, "usage: php invoice-mail.php STORE CLIENT_ID INVOICE_ID NAME ADDRESS\n");
    exit(2);
}

try {
    $gate = Gatepass::open($store, kept: false);
    $link = $gate->createLink(
        $gate->caller('cli'),
        clientId: (int) $client,
        destination: 'sso:custom_redirect',
        redirectPath: "viewinvoice.php?id=$invoice",
        life: LIFE,
        label: 'invoice',
        title: "invoice $invoice",
        actor: 'invoice-mail.php',
    );
} catch (\Gatepass\Exception\GatepassException $error) {
    fwrite(STDERR, "no link: {$error->getMessage()}\n");
    exit(1);
}

$url = $link->url();
$until = $link->expiresAt->format('j F Y, H:i') . ' UTC';
// The address on a line of its own: what stands beside it can't be taken for a part of it.
$plain = <<<TEXT
    Dear $name,

    your invoice $invoice is ready. Read and pay it here, without your password:

    $url

    The link works once, until $until, and for you alone: please do not
    forward this mail.

    TEXT;
$html = strtr(<<<'HTML'
    <!DOCTYPE html>
    <html lang="en">
    <p>Dear {name},</p>
    <p>your invoice {invoice} is ready. Read and pay it here, without your password:</p>
    <p><a href="{url}">Show invoice {invoice}</a></p>
    <p>The link works once, until {until}, and for you alone: please do not forward this mail.</p>

    HTML, array_map(htmlspecialchars(...), [
        '{name}' => $name,
        '{invoice}' => $invoice,
        '{url}' => $url,
        '{until}' => $until,
    ]));

// Quoted-printable never has `=_`.
$boundary = '=_' . bin2hex(random_bytes(8));
echo implode("\r\n", [
    'From: ' . FROM,
    'To: ' . words($name) . "\r\n <$address>",
    'Subject: ' . words("Invoice $invoice is ready"),
    'Date: ' . gmdate('D, d M Y H:i:s') . ' +0000',
    'Message-ID: <' . bin2hex(random_bytes(16)) . '@example.com>',
    // So that no holiday message comes back.
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    "Content-Type: multipart/alternative; boundary=\"$boundary\"",
    '',
    "--$boundary",
    part('text/plain', $plain) . "--$boundary",
    part('text/html', $html) . "--$boundary--",
    '',
]);
