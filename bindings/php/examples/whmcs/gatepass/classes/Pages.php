<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\Exception\GatepassException;

/**
 * What people read. Translate it here.
 *
 * Whoever holds a link is not told why it did not work: the reason goes to PHP's error log, under the reference that
 * the page shows.
 */
final class Pages
{
    public static function refused(SystemUrl $system, string $reference, string $why): Response
    {
        self::log("refused: $why", $reference);
        return self::page(403, 'This sign-in link did not work', <<<HTML
            <p>Such links work once and only for a few minutes. Go back to where you found it and ask for a new one, or
            <a href="{$system->text}/clientarea.php">sign in here</a>.</p>
            <p>If it keeps happening, tell support this number: {$reference}</p>
            HTML, $system->origin);
    }

    public static function fault(string $reference, \Throwable $fault): Response
    {
        // Of others than these the message may hold what was asked for.
        $safe = $fault instanceof Fault || $fault instanceof GatepassException;
        $where = basename($fault->getFile()) . ':' . $fault->getLine();
        self::log('failed: ' . $fault::class . ($safe ? ': ' . $fault->getMessage() : " at $where"), $reference);
        return self::page(503, 'Signing in is not possible just now', <<<HTML
            <p>Go back to where you found the link and ask for a new one in a while.</p>
            <p>If it keeps happening, tell support this number: {$reference}</p>
            HTML);
    }

    public static function confirm(
        SystemUrl $system,
        #[\SensitiveParameter] string $link,
        string $nonce,
        string $cookie,
    ): Response {
        $form = self::form($system, 'autoauth.php', $link, $nonce);
        // Whom the link names is not shown: nobody has checked it yet, and whoever made it chose the words.
        return self::page(200, 'Continue with this sign-in link?', <<<HTML
            <p>You opened a link that signs a client in. Whoever is signed in here now will not be afterwards.</p>
            <p>Continue only if you asked for the link yourself.</p>
            {$form}
            HTML, $system->origin, [$cookie]);
    }

    /** The question that a sign-in link of an e-mail asks. */
    public static function continueAs(
        SystemUrl $system,
        string $name,
        string $to,
        bool $somebody,
        #[\SensitiveParameter] string $link,
        string $nonce,
        string $cookie,
    ): Response {
        [$name, $to] = [self::escaped($name), self::escaped($to)];
        $instead = $somebody ? '<p>Whoever is signed in here now will not be afterwards.</p>' : '';
        $form = self::form($system, 'signin.php', $link, $nonce);
        return self::page(200, "Continue as {$name}?", <<<HTML
            <p>This link signs in <strong>{$name}</strong> and leads to <strong>{$to}</strong>.</p>
            {$instead}
            <p>Continue only if the e-mail was meant for you.</p>
            {$form}
            HTML, $system->origin, [$cookie]);
    }

    /** A link of an e-mail that does not work. Its holder may know why; whoever has none is told nothing. */
    public static function refusedLink(
        SystemUrl $system,
        string $reference,
        string $why,
        string $told = '',
    ): Response {
        self::log("link refused: $why", $reference);
        [$status, $told] = $told === '' ? [403, ''] : [410, "<p>{$told}</p>"];
        return self::page($status, 'This sign-in link did not work', <<<HTML
            {$told}
            <p><a href="{$system->text}/clientarea.php">Sign in here</a>, or write to us for a new one.</p>
            <p>If it keeps happening, tell support this number: {$reference}</p>
            HTML, $system->origin);
    }

    private static function form(
        SystemUrl $system,
        string $page,
        #[\SensitiveParameter] string $link,
        string $nonce,
    ): string {
        // In base64 since an old link may hold bytes that are no UTF-8, which a form would change.
        $link = base64_encode($link);
        return <<<HTML
            <form method="post" action="{$system->text}/gatepass/{$page}">
            <input type="hidden" name="link" value="{$link}">
            <input type="hidden" name="nonce" value="{$nonce}">
            <button type="submit">Continue</button>
            </form>
            <p><a href="{$system->text}/clientarea.php">Stay as it is</a></p>
            HTML;
    }

    private static function escaped(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
    }

    /** @param list<string> $headers */
    private static function page(
        int $status,
        string $title,
        string $content,
        string $origin = '',
        array $headers = [],
    ): Response {
        // The origin by name: `'self'` alone lets some browsers stop the redirect that answers the form.
        $policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' $origin";
        return new Response($status, [
            'Content-Type: text/html; charset=utf-8',
            'Content-Security-Policy: ' . rtrim($policy),
            ...$headers,
        ], <<<HTML
            <!DOCTYPE html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{$title}</title>
            <h1>{$title}</h1>
            {$content}

            HTML);
    }

    private static function log(string $what, string $reference): void
    {
        error_log("gatepass: $what; reference $reference");
    }
}
