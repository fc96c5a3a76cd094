<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** What the browser sent. */
final class Request
{
    public function __construct(
        public readonly string $method,
        /** The link's query, byte for byte: of the address, or as the confirm page gave it back. */
        #[\SensitiveParameter] public readonly string $link,
        /** Nobody asked to see it: the browser looks ahead, or it is a picture or frame of another page. */
        public readonly bool $unasked,
        public readonly ?string $address,
        /** What the confirm page's form sent. */
        public readonly ?string $nonce,
        /** @var array<string, string> */
        public readonly array $cookies,
    ) {
    }

    public static function received(): self
    {
        $method = $_SERVER['REQUEST_METHOD'] ?? '';
        $posted = $method === 'POST';
        $purposes = [];
        foreach (['HTTP_SEC_PURPOSE', 'HTTP_PURPOSE', 'HTTP_X_PURPOSE', 'HTTP_X_MOZ'] as $name) {
            $purposes[] = strtolower((string) ($_SERVER[$name] ?? ''));
        }
        return new self(
            $method,
            $posted ? Confirmation::link(self::text($_POST['link'] ?? null)) : $_SERVER['QUERY_STRING'] ?? '',
            preg_match('/\b(prefetch|prerender|preview)\b/', implode(' ', $purposes)) === 1
                || ($_SERVER['HTTP_SEC_FETCH_DEST'] ?? 'document') !== 'document',
            filter_var($_SERVER['REMOTE_ADDR'] ?? '', FILTER_VALIDATE_IP) ?: null,
            $posted ? self::text($_POST['nonce'] ?? null) : null,
            array_filter($_COOKIE, 'is_string'),
        );
    }

    /** What is answered whatever the link: nothing is spent, and WHMCS is not started. */
    public function earlyAnswer(): ?Response
    {
        return match (true) {
            // A look ahead, a picture on another page, or a program that checks links.
            $this->method === 'HEAD', $this->unasked => new Response(503),
            !in_array($this->method, ['GET', 'POST'], true) => new Response(405, ['Allow: GET, POST']),
            default => null,
        };
    }

    private static function text(mixed $value): ?string
    {
        return is_string($value) && $value !== '' ? $value : null;
    }
}
