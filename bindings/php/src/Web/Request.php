<?php

declare(strict_types=1);

namespace Gatepass\Web;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\NotCopied;

/** An HTTP request for one of the endpoints, raw as it came: no dump of it shows a token or a cookie. */
final class Request
{
    use NotCopied;

    /** Enough of a body for the library to see that it is too long. */
    private const MOST_OF_A_BODY = 65_537;

    /**
     * From what a framework has. Nothing is decoded; the library does that.
     *
     * @param string                      $method  Such as `GET`.
     * @param string                      $path    Below the system URL, without a slash at its start:
     *                                             `oauth/singlesignon.php`.
     * @param string                      $query   What stands behind `?`.
     * @param list<array{string, string}> $headers Name and value of each.
     * @param string                      $body    Of one longer than 65,536 bytes, 65,537 are enough: it is refused.
     * @param string                      $peer    Who is at the other end of the connection; what is no address
     *                                             counts as unknown.
     */
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        #[\SensitiveParameter] private readonly string $query = '',
        #[\SensitiveParameter] private readonly array $headers = [],
        #[\SensitiveParameter] private readonly string $body = '',
        private readonly string $peer = '',
    ) {
    }

    /**
     * The request that PHP answers now.
     *
     * It is read from `$_SERVER` and `php://input`, never from `$_GET`, and from `$_POST` only where PHP has taken a
     * `multipart/form-data` body for itself (see `Form`).
     */
    public static function current(string $path): self
    {
        $type = self::text('CONTENT_TYPE');
        $body = (string) file_get_contents('php://input', false, null, 0, self::MOST_OF_A_BODY);
        $length = (int) self::text('CONTENT_LENGTH');
        if ($body === '' && $length > 0 && Form::isTaken($type)) {
            [$type, $body] = Form::again($length, self::MOST_OF_A_BODY);
        }
        $headers = $type === '' ? [] : [['Content-Type', $type]];
        foreach ($_SERVER as $key => $value) {
            // These two have names of their own; under this one some servers show them once more.
            $known = in_array($key, ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH'], true);
            if (!$known && is_string($value) && str_starts_with((string) $key, 'HTTP_')) {
                $headers[] = [strtr(substr($key, strlen('HTTP_')), '_', '-'), $value];
            }
        }
        return new self(
            self::text('REQUEST_METHOD') ?: 'GET',
            $path,
            self::text('QUERY_STRING'),
            $headers,
            $body,
            self::text('REMOTE_ADDR'),
        );
    }

    private static function text(string $name): string
    {
        $value = $_SERVER[$name] ?? '';
        return is_string($value) ? $value : '';
    }

    /** @internal */
    public function toHandle(Library $library): Handle
    {
        $request = $library->make('web_request', 'gatepass_web_request_new', $this->method, $this->path);
        $pointer = $request->pointer();
        $library->run('gatepass_web_request_set_query', $pointer, $this->query);
        foreach ($this->headers as [$name, $value]) {
            $library->run('gatepass_web_request_add_header', $pointer, $name, $value);
        }
        $library->run('gatepass_web_request_set_body', $pointer, $this->body);
        try {
            $library->run('gatepass_web_request_set_peer', $pointer, $this->peer === '' ? null : $this->peer);
        } catch (InvalidArgument) {
            // Such as `unix:`.
            $library->run('gatepass_web_request_set_peer', $pointer, null);
        }
        return $request;
    }

    public function __debugInfo(): array
    {
        return ['method' => $this->method, 'path' => $this->path];
    }
}
