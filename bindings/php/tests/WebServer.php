<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** A `php -S` of its own, on a free port, and requests to it byte by byte. */
final class WebServer
{
    /** @param resource $process */
    private function __construct(private $process, private readonly string $address, private readonly string $log)
    {
    }

    /**
     * @param array<string, ?string> $environment
     * @param list<string>           $options     For php.
     */
    public static function start(string $root, string $folder, array $environment, array $options = []): self
    {
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        $environment = array_filter([...getenv(), ...$environment], static fn ($value) => $value !== null);
        $log = "$folder/php-s.log";
        $command = [PHP_BINARY, '-d', 'ffi.enable=true', ...$options, '-S', $address, '-t', $root];
        $pipes = [['file', '/dev/null', 'r'], ['file', $log, 'a'], ['file', $log, 'a']];
        $server = new self(proc_open($command, $pipes, $none, null, $environment), $address, $log);
        for ($tries = 0; !($socket = @stream_socket_client("tcp://$address")); $tries++) {
            if ($tries === 200) {
                throw new \RuntimeException('php -S did not start: ' . $server->log());
            }
            usleep(25_000);
        }
        fclose($socket);
        return $server;
    }

    /**
     * @param list<string> $headers
     * @return array{int, list<string>, string} Status, headers, body.
     */
    public function ask(string $method, string $target, array $headers = [], string $body = ''): array
    {
        $length = 'Content-Length: ' . strlen($body);
        $lines = ["$method $target HTTP/1.1", 'Host: billing.example.com', 'Connection: close', $length, ...$headers];
        $socket = stream_socket_client("tcp://{$this->address}");
        fwrite($socket, implode("\r\n", $lines) . "\r\n\r\n" . $body);
        [$head, $body] = explode("\r\n\r\n", stream_get_contents($socket), 2);
        fclose($socket);
        $lines = explode("\r\n", $head);
        return [(int) explode(' ', $lines[0])[1], array_slice($lines, 1), $body];
    }

    public function log(): string
    {
        return file_get_contents($this->log);
    }

    public function stop(): void
    {
        proc_terminate($this->process, SIGTERM);
        proc_close($this->process);
    }
}
