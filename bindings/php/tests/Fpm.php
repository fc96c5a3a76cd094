<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use Gatepass\Mode;
use Gatepass\Native\Loader;

/**
 * A real php-fpm with two pools on one store, on Unix sockets in a folder of its own.
 *
 * Started by root, the pools run as two users of one group, as several sites of one machine do; otherwise both run as
 * whoever runs the tests.
 */
final class Fpm
{
    public const POOLS = ['first', 'second'];

    /** @var resource */
    private $process;

    private function __construct(public readonly string $folder)
    {
    }

    /** What is missing here to run it; `null` if nothing is. */
    public static function missing(): ?string
    {
        return match (true) {
            self::program() === null => 'php-fpm (Debian: php-fpm)',
            self::which('cgi-fcgi') === null => 'cgi-fcgi (Debian: libfcgi-bin)',
            !is_dir('/proc/self/fd') => '/proc',
            default => null,
        };
    }

    /**
     * The package and the library are copied: the users of the pools may not see the checkout.
     *
     * @param list<string> $pool Further lines for each pool, in which `FOLDER` stands for the folder.
     */
    public static function start(int $workers, bool $preload = true, array $pool = []): self
    {
        $fpm = new self(Folder::make());
        try {
            $settings = $fpm->install();
            $fpm->makeStore();
            $more = str_replace('FOLDER', $fpm->folder, implode("\n", $pool));
            $fpm->launch($workers, $preload ? $settings : [], $more);
        } catch (\Throwable $error) {
            Folder::remove($fpm->folder);
            throw $error;
        }
        return $fpm;
    }

    /** Answer a request of one pool. */
    public function get(string $pool, string $script, string $query = ''): array
    {
        $request = $this->begin($pool, $script, $query);
        return $this->finish($request);
    }

    /**
     * Many requests, some at a time.
     *
     * @return list<array>
     */
    public function many(string $pool, string $script, int $count, int $atOnce, string $query = ''): array
    {
        [$answers, $running] = [[], []];
        while (count($answers) < $count) {
            while (count($running) < $atOnce && count($running) + count($answers) < $count) {
                $running[] = $this->begin($pool, $script, $query);
            }
            $answers[] = $this->finish(array_shift($running));
        }
        return $answers;
    }

    /** @return array{resource, resource} */
    public function begin(string $pool, string $script, string $query = ''): array
    {
        $environment = [
            'REQUEST_METHOD' => 'GET',
            'SCRIPT_FILENAME' => "{$this->folder}/public/$script",
            'SCRIPT_NAME' => "/$script",
            'DOCUMENT_ROOT' => "{$this->folder}/public",
            'QUERY_STRING' => $query,
            'GATEPASS_TEST_STORE' => $this->store(),
        ];
        $command = [self::which('cgi-fcgi'), '-bind', '-connect', $this->socket($pool)];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes, null, $environment);
        return [$process, $pipes[1]];
    }

    /** @param array{resource, resource} $request */
    public function finish(array $request): array
    {
        [$process, $output] = $request;
        $answer = stream_get_contents($output);
        proc_close($process);
        $body = substr($answer, (int) strpos($answer, "\r\n\r\n"));
        return json_decode(trim($body), true) ?? ['error' => $answer . "\n" . $this->log()];
    }

    public function store(): string
    {
        return "{$this->folder}/private/gatepass.db";
    }

    /** The master process. */
    public function pid(): int
    {
        return proc_get_status($this->process)['pid'];
    }

    public function log(): string
    {
        return @file_get_contents("{$this->folder}/fpm.log") . @file_get_contents("{$this->folder}/php.log");
    }

    public function stop(): void
    {
        proc_terminate($this->process, SIGTERM);
        proc_close($this->process);
        Folder::remove($this->folder);
    }

    /**
     * Copies the package and writes the header.
     *
     * @return list<string> What php.ini says for it.
     */
    private function install(): array
    {
        chmod($this->folder, 0755);
        foreach (['package', 'package/lib', 'public', 'private', 'sockets'] as $folder) {
            mkdir("{$this->folder}/$folder", 0755);
        }
        foreach (['src', 'include', 'bin', 'public', 'preload.php', 'endpoints.php'] as $part) {
            self::run(['cp', '-R', dirname(__DIR__) . "/$part", "{$this->folder}/package"]);
        }
        self::run(['cp', '-R', __DIR__ . '/fpm/.', "{$this->folder}/public"]);
        $library = "{$this->folder}/package/lib/libgatepass.so";
        copy(Loader::absolute(Loader::find(Loader::candidates())), $library);
        $header = "{$this->folder}/gatepass-ffi.h";
        self::run(["{$this->folder}/package/bin/gatepass-ffi-header", $header], ['GATEPASS_LIBRARY' => $library]);
        return [
            "opcache.preload={$this->folder}/package/preload.php",
            'opcache.preload_user=' . self::users()[0],
            "ffi.preload=$header",
        ];
    }

    private function makeStore(): void
    {
        $gate = Gatepass::init($this->store(), Mode::Managed, 'https://billing.example.com', groupWritable: true);
        $gate->users()->add('ann@example.com');
        $gate->clients()->add('ann@example.com', owner: 1);
        $gate->close();
        if (posix_geteuid() === 0) {
            foreach (["{$this->folder}/private", $this->store()] as $path) {
                chown($path, self::users()[0]);
                chgrp($path, 'www-data');
            }
        }
        // Both pools write beside the store, so the folder is the group's, and new files in it are too.
        chmod("{$this->folder}/private", 02770);
        touch("{$this->folder}/php.log");
        chmod("{$this->folder}/php.log", 0666);
    }

    private function launch(int $workers, array $settings, string $more): void
    {
        $config = "[global]\nerror_log = {$this->folder}/fpm.log\ndaemonize = no\n";
        foreach (self::POOLS as $index => $pool) {
            $config .= "[$pool]\nlisten = {$this->socket($pool)}\npm = static\npm.max_children = $workers\n"
                // So that a worker of another user may look at its own descriptors.
                . "process.dumpable = yes\ncatch_workers_output = yes\n$more\n";
            if (posix_geteuid() === 0) {
                $config .= 'user = ' . self::users()[$index] . "\ngroup = www-data\n";
            }
        }
        file_put_contents("{$this->folder}/fpm.conf", $config);
        $command = [self::program(), '-F', '-y', "{$this->folder}/fpm.conf"];
        $usual = ['ffi.enable=preload', 'opcache.enable=1', "error_log={$this->folder}/php.log"];
        foreach ([...$usual, ...$settings] as $setting) {
            array_push($command, '-d', $setting);
        }
        $log = ['file', "{$this->folder}/fpm.log", 'a'];
        // The usual one, which takes away what the group may do with new files.
        $umask = umask(0022);
        $this->process = proc_open($command, [0 => ['file', '/dev/null', 'r'], 1 => $log, 2 => $log], $pipes);
        umask($umask);
        for ($tries = 0; !file_exists($this->socket('second')); $tries++) {
            if ($tries === 200 || !proc_get_status($this->process)['running']) {
                proc_terminate($this->process, SIGTERM);
                throw new \RuntimeException("php-fpm did not start:\n" . $this->log());
            }
            usleep(25_000);
        }
    }

    public function socket(string $pool): string
    {
        return "{$this->folder}/sockets/$pool";
    }

    /** @return list<string> */
    private static function users(): array
    {
        $own = posix_getpwuid(posix_geteuid())['name'];
        return $own === 'root' ? ['www-data', 'nobody'] : [$own, $own];
    }

    private static function program(): ?string
    {
        return self::which('php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION) ?? self::which('php-fpm');
    }

    public static function which(string $program): ?string
    {
        foreach (explode(':', getenv('PATH') . ':/usr/sbin:/usr/local/sbin') as $folder) {
            if (is_executable("$folder/$program")) {
                return "$folder/$program";
            }
        }
        return null;
    }

    private static function run(array $command, array $environment = []): void
    {
        [$status, $said] = Php::command($command, $environment);
        if ($status !== 0) {
            throw new \RuntimeException("{$command[0]}: $said");
        }
    }
}
