<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** What the browser gets: never stored, and never named in a `Referer`. */
final class Response
{
    /** @param list<string> $headers Besides those that each answer has. */
    public function __construct(
        public readonly int $status,
        public readonly array $headers = [],
        public readonly string $body = '',
    ) {
    }

    /** A number for an answer that no audit event records. */
    public static function reference(): string
    {
        return 'W' . bin2hex(random_bytes(6));
    }

    /** Also see to it that nothing that WHMCS printed or put into a header before goes out with it. */
    public function send(): void
    {
        while (ob_get_level() > 0 && ob_end_clean()) {
        }
        header_remove('Location');
        http_response_code($this->status);
        header('Cache-Control: no-store');
        header('Referrer-Policy: no-referrer');
        header('X-Content-Type-Options: nosniff');
        header('X-Robots-Tag: noindex, nofollow');
        foreach ($this->headers as $header) {
            // `false`: WHMCS's own cookies stay.
            header($header, !str_starts_with($header, 'Set-Cookie:'));
        }
        echo $this->body;
    }
}
