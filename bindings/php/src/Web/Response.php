<?php

declare(strict_types=1);

namespace Gatepass\Web;

use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\NotCopied;

/** An HTTP answer of one of the endpoints. A dump shows its status only: the rest may hold a session's cookie. */
final class Response
{
    use NotCopied;

    /** @param list<array{string, string}> $headers Name and value; a name may come several times. */
    public function __construct(
        public readonly int $status,
        #[\SensitiveParameter] private readonly array $headers,
        #[\SensitiveParameter] private readonly string $body,
    ) {
    }

    /** @return list<array{string, string}> All but `Content-Length`; a name may come several times. */
    public function headers(): array
    {
        return $this->headers;
    }

    public function body(): string
    {
        return $this->body;
    }

    /**
     * Send it as the answer to the request that PHP works on, without what was printed before.
     *
     * If some of that is on its way already, as PHP's own warnings are where it displays them, nothing of the answer
     * follows: its headers, which keep it out of caches and frames, would be missing.
     */
    public function send(): void
    {
        while (ob_get_level() > 0 && ob_end_clean()) {
        }
        if (headers_sent($file, $line)) {
            error_log("gatepass: an answer was not sent, since output had begun at $file:$line");
            return;
        }
        // What PHP would say beside it.
        header_remove('X-Powered-By');
        ini_set('default_mimetype', '');
        foreach ($this->headers as [$name, $value]) {
            header("$name: $value", false);
        }
        // Last: PHP takes a `Location` for a 302.
        http_response_code($this->status);
        // To HEAD PHP sends no body.
        echo $this->body;
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $response = $handle->pointer();
        $count = $library->number('gatepass_web_response_header_count', $response);
        return new self(
            $library->number('gatepass_web_response_status', $response),
            array_map(
                null,
                $library->all('gatepass_web_response_header_name', $count, $response),
                $library->all('gatepass_web_response_header_value', $count, $response),
            ),
            $library->text('gatepass_web_response_body', $response) ?? '',
        );
    }

    public function __debugInfo(): array
    {
        return ['status' => $this->status];
    }
}
