<?php

declare(strict_types=1);

namespace Gatepass\Tests;

/** A real web server before php-fpm, with the rewrite rules that docs/autoauth.md shows. */
final class WhmcsServer
{
    /** @var list<resource> */
    private array $processes = [];

    private const APACHE_MODULES = '/usr/lib/apache2/modules';

    private function __construct(private readonly WhmcsSite $site, private readonly bool $rules)
    {
    }

    /** What is missing here to run it; `null` if nothing is. */
    public static function missing(string $server): ?string
    {
        $package = $server === 'nginx' ? 'nginx-light' : $server;
        return match (true) {
            self::fpm() === null => 'php-fpm (Debian: php-fpm)',
            self::program($server) === null => "$server (Debian: $package)",
            $server === 'apache2' && !is_dir(self::APACHE_MODULES) => self::APACHE_MODULES,
            default => null,
        };
    }

    /** @param bool $rules `false` for the broken variant: a server that knows nothing of the page. */
    public static function start(string $server, WhmcsSite $site, bool $rules = true): self
    {
        $started = new self($site, $rules);
        chmod($site->folder, 0755);
        $address = WhmcsSite::freeAddress();
        try {
            $started->startFpm();
            $started->startServer($server, $address);
        } catch (\Throwable $error) {
            $started->stop();
            throw new \RuntimeException($started->log(), previous: $error);
        }
        $site->address = $address;
        return $started;
    }

    public function stop(): void
    {
        foreach (array_reverse($this->processes) as $process) {
            proc_terminate($process, SIGTERM);
            proc_close($process);
        }
        $this->processes = [];
    }

    public function log(): string
    {
        return $this->site->log() . @file_get_contents("{$this->site->folder}/servers.log");
    }

    /** The blocks of that language in docs/autoauth.md. */
    private function documented(string $language): array
    {
        $text = file_get_contents(dirname(__DIR__, 3) . '/docs/autoauth.md');
        preg_match_all("/^```$language\n(.*?)^```$/ms", $text, $found);
        return $this->rules ? $found[1] : array_fill(0, count($found[1]), '');
    }

    private function startFpm(): void
    {
        $own = posix_geteuid() === 0 ? "user = root\ngroup = root\n" : '';
        $config = "[global]\nerror_log = {$this->site->folder}/servers.log\n[whmcs]\nlisten = {$this->socket()}\n"
            . "listen.mode = 0666\npm = static\npm.max_children = 2\nclear_env = no\n$own";
        file_put_contents("{$this->site->folder}/fpm.conf", $config);
        // As docs/php-fpm.md says: FFI is closed to scripts, and the page's are such.
        $header = "{$this->site->folder}/gatepass-ffi.h";
        Php::command([dirname(__DIR__) . '/bin/gatepass-ffi-header', $header]);
        $command = [self::fpm(), '-F', '-R', '-y', "{$this->site->folder}/fpm.conf"];
        foreach ([
            'ffi.enable=preload',
            "ffi.preload=$header",
            'opcache.enable=1',
            'opcache.preload=' . dirname(__DIR__) . '/preload.php',
            'opcache.preload_user=' . posix_getpwuid(posix_geteuid())['name'],
            'log_errors=1',
            "error_log={$this->site->folder}/error.log",
        ] as $setting) {
            array_push($command, '-d', $setting);
        }
        $this->run($command);
        WhmcsSite::await("unix://{$this->socket()}");
    }

    private function startServer(string $server, string $address): void
    {
        $config = "{$this->site->folder}/$server.conf";
        file_put_contents($config, $server === 'nginx' ? $this->nginx($address) : $this->apache($address));
        $arguments = $server === 'nginx' ? ['-c', $config, '-e', "{$this->site->folder}/servers.log"]
            : ['-f', $config, '-DFOREGROUND'];
        $this->run([self::program($server), ...$arguments]);
        WhmcsSite::await("tcp://$address");
    }

    private function nginx(string $address): string
    {
        [$http, $server] = $this->documented('nginx');
        $folder = $this->site->folder;
        $temporary = '';
        foreach (['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'] as $kind) {
            $temporary .= "{$kind}_temp_path $folder/nginx-$kind;\n";
        }
        return (posix_geteuid() === 0 ? "user root;\n" : '') . <<<CONFIG
            daemon off;
            pid $folder/nginx.pid;
            events {}
            http {
            access_log off;
            $temporary
            $http
            server {
            listen $address;
            root {$this->site->root()};
            $server
            location ~ \\.php$ {
            fastcgi_param QUERY_STRING \$query_string;
            fastcgi_param REQUEST_METHOD \$request_method;
            fastcgi_param CONTENT_TYPE \$content_type;
            fastcgi_param CONTENT_LENGTH \$content_length;
            fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
            fastcgi_param DOCUMENT_ROOT \$document_root;
            fastcgi_param REMOTE_ADDR \$remote_addr;
            fastcgi_pass unix:{$this->socket()};
            }
            }
            }
            CONFIG;
    }

    private function apache(string $address): string
    {
        [$rules] = $this->documented('apache');
        $folder = $this->site->folder;
        file_put_contents("{$this->site->root()}/.htaccess", $rules);
        $modules = '';
        foreach (['mpm_event', 'authz_core', 'rewrite', 'proxy', 'proxy_fcgi'] as $module) {
            $modules .= "LoadModule {$module}_module " . self::APACHE_MODULES . "/mod_$module.so\n";
        }
        return $modules . (posix_geteuid() === 0 ? "User www-data\nGroup www-data\n" : '') . <<<CONFIG
            ServerRoot $folder
            ServerName localhost
            Listen $address
            PidFile $folder/apache.pid
            DefaultRuntimeDir $folder
            Mutex posixsem
            ErrorLog $folder/servers.log
            DocumentRoot {$this->site->root()}
            <Directory {$this->site->root()}>
            AllowOverride All
            Require all granted
            </Directory>
            <FilesMatch \\.php$>
            SetHandler "proxy:unix:{$this->socket()}|fcgi://localhost"
            </FilesMatch>

            CONFIG;
    }

    private function run(array $command): void
    {
        $log = ['file', "{$this->site->folder}/servers.log", 'a'];
        $this->processes[] = proc_open($command, [0 => ['file', '/dev/null', 'r'], 1 => $log, 2 => $log], $pipes);
    }

    private function socket(): string
    {
        return "{$this->site->folder}/fpm";
    }

    private static function fpm(): ?string
    {
        return self::program('php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION) ?? self::program('php-fpm');
    }

    private static function program(string $name): ?string
    {
        foreach (explode(':', getenv('PATH') . ':/usr/sbin:/usr/local/sbin') as $folder) {
            if (is_executable("$folder/$name")) {
                return "$folder/$name";
            }
        }
        return null;
    }
}
