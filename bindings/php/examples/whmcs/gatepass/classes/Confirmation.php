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

    public function __construct(private readonly SystemUrl $system)
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

    /** @param callable(string, string): Response $page Makes it of the nonce and the header that sets its cookie. */
    public function ask(Request $request, callable $page): Response
    {
        if (strlen($request->link) > self::LONGEST) {
            return Pages::refused($this->system, Response::reference(), 'invalid query');
        }
        // The one that is there already, so that a second page of this site does not spoil the first. A click on
        // another site does not bring it, and the first page then asks once more.
        $nonce = $this->nonceOf($request) ?? bin2hex(random_bytes(32));
        return $page($nonce, $this->cookie($nonce, self::SECONDS));
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
