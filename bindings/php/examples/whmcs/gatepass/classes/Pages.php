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

    /** @param string $told What the holder of the link may know of it. */
    public static function refusedLink(SystemUrl $system, string $reference, string $why, string $told): Response
    {
        self::log("refused: $why", $reference, 'signin');
        return self::page(403, 'This sign-in link does not work', <<<HTML
            <p>{$told} <a href="{$system->text}/clientarea.php">Sign in here</a> instead.</p>
            <p>If it keeps happening, tell support this number: {$reference}</p>
            HTML, $system->origin);
    }

    public static function fault(string $reference, \Throwable $fault, string $page = 'autoauth'): Response
    {
        // Of others than these the message may hold what was asked for.
        $safe = $fault instanceof Fault || $fault instanceof GatepassException;
        $where = basename($fault->getFile()) . ':' . $fault->getLine();
        $what = $fault::class . ($safe ? ': ' . $fault->getMessage() : " at $where");
        self::log("failed: $what", $reference, $page);
        return self::page(503, 'Signing in is not possible just now', <<<HTML
            <p>Go back to where you found the link and ask for a new one in a while.</p>
            <p>If it keeps happening, tell support this number: {$reference}</p>
            HTML);
    }

    /** @param string $content HTML, with the form in it. */
    public static function confirm(SystemUrl $system, string $title, string $content, string $cookie): Response
    {
        return self::page(200, $title, <<<HTML
            {$content}
            <p><a href="{$system->text}/clientarea.php">Stay as it is</a></p>
            HTML, $system->origin, [$cookie]);
    }

    public static function form(string $action, #[\SensitiveParameter] string $link, string $nonce): string
    {
        return <<<HTML

            <form method="post" action="{$action}">
            <input type="hidden" name="link" value="{$link}">
            <input type="hidden" name="nonce" value="{$nonce}">
            <button type="submit">Continue</button>
            </form>
            HTML;
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

    private static function log(string $what, string $reference, string $page = 'autoauth'): void
    {
        error_log("gatepass $page: $what; reference $reference");
    }
}
