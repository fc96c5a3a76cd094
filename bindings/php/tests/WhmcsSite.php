<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use Gatepass\Mode;

/**
 * A WHMCS with the pages and hooks of examples/whmcs in it, set up as docs/autoauth.md says, behind PHP's own web
 * server. WHMCS is the stand-in of tests/whmcs.
 */
final class WhmcsSite
{
    public const SYSTEM_URL = 'https://billing.example.com/whmcs';
    public const KEY = 'a key of the portal, as long as it should be';
    public const PAGE = '/gatepass/autoauth.php';

    /** @var ?resource */
    private $server = null;
    /** Host and port of the web server; PHP's own is started when it is first needed, unless another was named. */
    public ?string $address = null;
    private readonly int $now;

    public function __construct(public readonly string $folder)
    {
        $this->now = time();
        foreach (['public', 'private', 'keys'] as $name) {
            mkdir("$folder/$name");
        }
        Php::command(['cp', '-R', dirname(__DIR__) . '/examples/whmcs/gatepass', $this->root()]);
        mkdir("{$this->root()}/includes/hooks", recursive: true);
        $examples = dirname(__DIR__) . '/examples/whmcs';
        copy("$examples/signin.php", "{$this->root()}/signin.php");
        copy("$examples/gatepass-mail-links.php", "{$this->root()}/includes/hooks/gatepass-mail-links.php");
        copy(__DIR__ . '/whmcs/init.php', "{$this->root()}/init.php");
        copy(__DIR__ . '/whmcs/hook.php', "{$this->folder}/hook.php");
        $configuration = "<?php\n\$license = 'x';\n\$autoauthkey = '" . self::KEY . "';\n";
        file_put_contents("{$this->root()}/configuration.php", $configuration);
        file_put_contents("{$this->root()}/dologin.php", '<?php echo "the log-in of WHMCS";');
        $this->configure([]);
        $this->state([]);
        $gate = Gatepass::init($this->store(), Mode::Host, self::SYSTEM_URL);
        $gate->autoAuth()->enable();
        $gate->close();
    }

    public function root(): string
    {
        return "{$this->folder}/public";
    }

    public function store(): string
    {
        return "{$this->folder}/private/gatepass.db";
    }

    /** Write config.php, by default with the key of configuration.php. */
    public function configure(array $changes): void
    {
        $config = $changes + [
            'autoload' => __DIR__ . '/bootstrap.php',
            'store' => $this->store(),
            'key' => 'configuration.php',
        ];
        $text = '<?php return ' . var_export($config, true) . ';';
        file_put_contents("{$this->root()}/gatepass/config.php", $text);
    }

    /** Add the key to the store, and let the page take it from there. */
    public function keyInStore(string $label): void
    {
        $file = "{$this->folder}/keys/seal.key";
        file_put_contents($file, 'gatepass-sealing-key-1 ' . bin2hex(random_bytes(32)) . "\n");
        chmod($file, 0600);
        $gate = Gatepass::open($this->store(), sealingKeyFile: $file, kept: false);
        $gate->autoAuth()->addKey($label, self::KEY);
        $gate->close();
        $this->configure(['key' => 'store', 'sealing_key_file' => $file]);
    }

    /** What WHMCS knows and how it answers; Ann is client 1 unless `clients` are given. */
    public function state(array $state): void
    {
        $state += ['clients' => [self::client(1, 'ann@example.com')]];
        file_put_contents("{$this->root()}/state.json", json_encode($state, JSON_THROW_ON_ERROR));
    }

    public static function client(int $id, string $email, string $status = 'Active', array $more = []): array
    {
        return $more + [
            'id' => $id,
            'firstname' => 'First',
            'lastname' => 'Last',
            'companyname' => '',
            'email' => $email,
            'status' => $status,
            'owner' => ['id' => $id + 100, 'email' => $email],
        ];
    }

    /** The query of an old link, as the usual scripts build it. With each age it is another link. */
    public function link(string $email, ?string $goto = null, int $age = 0, string $key = self::KEY): string
    {
        $time = $this->now - $age;
        $query = 'email=' . urlencode($email) . "&timestamp=$time&hash=" . sha1($email . $time . $key);
        return $query . ($goto === null ? '' : '&goto=' . urlencode($goto));
    }

    /** What WHMCS gets from its hooks of that name, when it tells them this. */
    public function hook(string $name, array $told): array
    {
        $options = ['-d', 'error_reporting=-1', '-d', 'log_errors=1', '-d', "error_log={$this->folder}/error.log"];
        $command = [PHP_BINARY, ...$options, "{$this->folder}/hook.php", $this->root(), $name, json_encode($told)];
        return json_decode(Php::command($command)[1], true, flags: JSON_THROW_ON_ERROR);
    }

    /**
     * The calls of WHMCS since the last time.
     *
     * @return list<array{string, array}>
     */
    public function calls(): array
    {
        $file = "{$this->root()}/calls.jsonl";
        $lines = is_file($file) ? file($file, FILE_IGNORE_NEW_LINES) : [];
        @unlink($file);
        return array_map(static fn ($line) => json_decode($line, true), $lines);
    }

    public function log(): string
    {
        return (string) @file_get_contents("{$this->folder}/error.log");
    }

    public function get(string $link, array $headers = []): array
    {
        return $this->send('GET', self::PAGE . "?$link", $headers);
    }

    public function post(array $fields, array $headers = []): array
    {
        $headers[] = 'Content-Type: application/x-www-form-urlencoded';
        return $this->send('POST', self::PAGE, $headers, http_build_query($fields));
    }

    public function send(string $method, string $target, array $headers = [], string $body = ''): array
    {
        return self::finish($this->begin($method, $target, $headers, $body));
    }

    /** @return resource */
    public function begin(string $method, string $target, array $headers = [], string $body = '')
    {
        $this->address ?? $this->start();
        $socket = stream_socket_client("tcp://{$this->address}", timeout: 10);
        stream_set_timeout($socket, 30);
        $length = strlen($body);
        $lines = ["$method $target HTTP/1.0", 'Host: evil.example', "Content-Length: $length", ...$headers];
        fwrite($socket, implode("\r\n", $lines) . "\r\n\r\n$body");
        return $socket;
    }

    /**
     * @param resource $socket
     * @return array{status: int, headers: array<string, list<string>>, body: string}
     */
    public static function finish($socket): array
    {
        [$head, $body] = explode("\r\n\r\n", stream_get_contents($socket) . "\r\n\r\n", 2);
        fclose($socket);
        $lines = explode("\r\n", $head);
        $headers = [];
        foreach (array_slice($lines, 1) as $line) {
            [$name, $value] = explode(': ', $line, 2) + [1 => ''];
            $headers[strtolower($name)][] = $value;
        }
        return ['status' => (int) substr($lines[0], 9, 3), 'headers' => $headers, 'body' => rtrim($body, "\r\n")];
    }

    public function stop(): void
    {
        if ($this->server !== null) {
            // The first of PHP's processes leaves the others behind when it ends.
            $first = proc_get_status($this->server)['pid'];
            $others = explode(' ', trim((string) @file_get_contents("/proc/$first/task/$first/children")));
            foreach ([$first, ...array_filter(array_map('intval', $others))] as $process) {
                posix_kill($process, SIGTERM);
            }
            proc_close($this->server);
            [$this->server, $this->address] = [null, null];
        }
    }

    private function start(): void
    {
        $this->address = self::freeAddress();
        $command = [PHP_BINARY, '-d', 'ffi.enable=1', '-d', 'log_errors=1', '-d', 'display_errors=1',
            '-d', 'output_buffering=0', '-d', "error_log={$this->folder}/error.log",
            '-S', $this->address, '-t', $this->root()];
        $null = ['file', '/dev/null', 'w'];
        // Several at once, where they can be ended again.
        $environment = ['PHP_CLI_SERVER_WORKERS' => is_dir('/proc/self/task') ? '4' : '1'] + getenv();
        $this->server = proc_open($command, [1 => $null, 2 => $null], $pipes, null, $environment);
        self::await("tcp://{$this->address}");
    }

    public static function freeAddress(): string
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($socket, false);
        fclose($socket);
        return $address;
    }

    /** Wait for a server that was just started. */
    public static function await(string $address): void
    {
        for ($tries = 0; ($reached = @stream_socket_client($address)) === false; $tries++) {
            if ($tries === 200) {
                throw new \RuntimeException("nothing answers at $address");
            }
            usleep(25_000);
        }
        fclose($reached);
    }
}
