<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/**
 * "Somebody is signed in here already. Continue?" Without it whoever has a link could swap the user of another person's
 * browser for himself, and wait for what is entered there. Only the page's own form counts as a yes: it carries a nonce
 * that must equal a cookie which no other site can set, read or make the browser send.
 */
final class Confirmation
{
    private const SECONDS = 900;
    private const NONCE = '/\A[0-9a-f]{64}\z/';
    /** As many bytes as the library reads of a link. */
    private const LONGEST = 8192;

    private readonly string $cookie;

    /** @param string $page Where the form goes, relative to the system URL. */
    public function __construct(private readonly SystemUrl $system, private readonly string $page)
    {
        $this->cookie = ($system->isHttps() ? '__Host-' : '') . 'gatepass-confirm';
    }

    /** The link as the form sent it back. */
    public static function link(#[\SensitiveParameter] ?string $sent): string
    {
        return base64_decode($sent ?? '', true) ?: '';
    }

    public function given(Request $request): bool
    {
        $cookie = $this->nonceOf($request);
        return $cookie !== null && $request->nonce !== null && hash_equals($cookie, $request->nonce);
    }

    /** @param string $question HTML. */
    public function page(Request $request, string $title, string $question): Response
    {
        if (strlen($request->link) > self::LONGEST) {
            return Pages::refused($this->system, Response::reference(), 'invalid query');
        }
        // The one that is there already, so that a second page of this site does not spoil the first. A click on
        // another site does not bring it, and the first page then asks once more.
        $nonce = $this->nonceOf($request) ?? bin2hex(random_bytes(32));
        $cookie = $this->cookie($nonce, self::SECONDS);
        // In base64 since an old link may hold bytes that are no UTF-8, which a form would change.
        $form = Pages::form("{$this->system->text}/{$this->page}", base64_encode($request->link), $nonce);
        return Pages::confirm($this->system, $title, $question . $form, $cookie);
    }

    /** @return list<string> The header that takes the cookie away, if it is there. */
    public function over(Request $request): array
    {
        return isset($request->cookies[$this->cookie]) ? [$this->cookie('', 0)] : [];
    }

    private function cookie(string $value, int $seconds): string
    {
        $secure = $this->system->isHttps() ? '; Secure' : '';
        return "Set-Cookie: {$this->cookie}=$value; Path=/; Max-Age=$seconds; HttpOnly; SameSite=Strict$secure";
    }

    private function nonceOf(Request $request): ?string
    {
        $value = $request->cookies[$this->cookie] ?? '';
        return preg_match(self::NONCE, $value) === 1 ? $value : null;
    }
}
