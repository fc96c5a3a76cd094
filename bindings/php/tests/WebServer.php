<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** A web server of its own, on a free port, and requests to it byte by byte. */
final class WebServer
{
    /** @param resource $process */
    private function __construct(private $process, private readonly string $address, private readonly string $log)
    {
    }

    /**
     * `php -S` over a document root.
     *
     * @param array<string, ?string> $environment
     * @param list<string>           $options     For php.
     */
    public static function php(string $root, string $folder, array $environment, array $options = []): self
    {
        $address = self::freeAddress();
        $command = [PHP_BINARY, '-d', 'ffi.enable=true', ...$options, '-S', $address, '-t', $root];
        return self::start($command, $address, "$folder/php-s.log", $environment);
    }

    /** nginx before php-fpm, with the block of docs/php-fpm.md. */
    public static function nginx(Fpm $fpm): self
    {
        $address = self::freeAddress();
        $text = file_get_contents(dirname(__DIR__, 3) . '/docs/php-fpm.md');
        preg_match('/^```nginx\n(.*?)^```$/ms', $text, $documented);
        $location = strtr($documented[1], [
            '/srv/portal/vendor/gatepass/gatepass' => "{$fpm->folder}/package",
            '/var/lib/gatepass/gatepass.db' => $fpm->store(),
            '/run/php/php8.2-fpm.sock' => $fpm->socket('first'),
            'fastcgi_params' => '/etc/nginx/fastcgi_params',
        ]);
        $temporary = '';
        foreach (['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'] as $kind) {
            $temporary .= "{$kind}_temp_path {$fpm->folder}/nginx-$kind;\n";
        }
        $user = posix_geteuid() === 0 ? "user root;\n" : '';
        file_put_contents("{$fpm->folder}/nginx.conf", "{$user}daemon off;\npid {$fpm->folder}/nginx.pid;\nevents {}\n"
            . "http {\naccess_log {$fpm->folder}/access.log;\n{$temporary}server {\nlisten $address;\n"
            . "root {$fpm->folder}/site;\n$location}\n}\n");
        $log = "{$fpm->folder}/nginx.log";
        return self::start([self::program(), '-c', "{$fpm->folder}/nginx.conf", '-e', $log], $address, $log);
    }

    /** Where nginx is; `null` if it is missing. */
    public static function program(): ?string
    {
        return Fpm::which('nginx');
    }

    private static function freeAddress(): string
    {
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        return $address;
    }

    /**
     * @param list<string>           $command
     * @param array<string, ?string> $environment
     */
    private static function start(array $command, string $address, string $log, array $environment = []): self
    {
        $environment = array_filter([...getenv(), ...$environment], static fn ($value) => $value !== null);
        $pipes = [['file', '/dev/null', 'r'], ['file', $log, 'a'], ['file', $log, 'a']];
        $server = new self(proc_open($command, $pipes, $none, null, $environment), $address, $log);
        for ($tries = 0; !($socket = @stream_socket_client("tcp://$address")); $tries++) {
            if ($tries === 200) {
                throw new \RuntimeException("{$command[0]} did not start: " . $server->log());
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
        // An older version, so that no server cuts its answer into chunks.
        $lines = ["$method $target HTTP/1.0", 'Host: somewhere.example', $length, ...$headers];
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
