<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** Where WHMCS stands, as the store knows it: `https://example.com/billing`. */
final class SystemUrl
{
    public readonly string $origin;
    private readonly string $path;

    public function __construct(public readonly string $text)
    {
        if (preg_match('~\A(https?://[^/]+)((?:/[^/]+)*)\z~', $text, $parts) !== 1) {
            throw new Fault('the system URL of the store is not understood');
        }
        [, $this->origin, $this->path] = $parts;
    }

    public function isHttps(): bool
    {
        return str_starts_with($this->text, 'https:');
    }

    /** A page of it, relative to it. */
    public function pathOf(string $url): string
    {
        return str_starts_with($url, "{$this->text}/")
            ? substr($url, strlen($this->text) + 1)
            : throw new Fault('the landing page lies outside of the system URL');
    }

    /** A URL that WHMCS gave for its sign-on, if it leads to that very page here and nowhere else. */
    public function ofSignOn(#[\SensitiveParameter] string $url): string
    {
        $form = '~\A(https?://[a-z0-9.:\[\]-]+)(/[^?#\s\\\\]*)\?access_token=[a-z0-9._\~%+/=-]+\z~i';
        $good = preg_match($form, $url, $parts) === 1
            && strtolower($parts[1]) === strtolower($this->origin)
            && $parts[2] === "{$this->path}/oauth/singlesignon.php";
        return $good ? $url : throw new Fault('WHMCS gave a redirect_url outside of the system URL of the store');
    }
}
