// The three servers on one store: the tool's own, php-fpm behind nginx as docs/php-fpm.md has it, and WSGI.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { accepts, end, freePort, run } from '../endpoints/harness/servers.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const harness = join(root, 'tests', 'endpoints', 'harness');
const php = join(root, 'bindings', 'php');

/** php-fpm's processes that answer. */
const WORKERS = 4;

/** The children of a process, which its first thread has started. */
function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** What serves; `pids()` are its processes, `origin` is where it listens. */
class Entry {
  constructor(name, port, children) {
    this.name = name;
    this.origin = `http://127.0.0.1:${port}`;
    this.children = children;
  }

  pids() {
    const own = this.children.map(({ pid }) => pid);
    return [...own, ...own.flatMap(childrenOf)];
  }

  stop() {
    return Promise.all(this.children.map(end));
  }
}

async function started(name, port, children) {
  const entry = new Entry(name, port, children);
  children.forEach((child) => child.stdout.resume());
  try {
    await accepts(port, children.at(-1));
  } catch (error) {
    await entry.stop();
    throw error;
  }
  return entry;
}

const environment = (store) => ({
  GATEPASS_STORE: store.path,
  GATEPASS_SEAL_KEY: store.sealKey,
  PYTHONPATH: `${join(root, 'bindings', 'python', 'src')}:${harness}`,
  PYTHONDONTWRITEBYTECODE: '1',
});

export function startTool(store, port) {
  const words = ['--store', store.path, '--seal-key', store.sealKey, 'serve', '--listen', `127.0.0.1:${port}`];
  return started('serve', port, [run('serve', process.env.GATEPASS_BIN, words, {})]);
}

export async function startWsgi(store) {
  const port = await freePort();
  const words = [join(harness, 'wsgi_server.py'), String(port)];
  return started('wsgi', port, [run('wsgi', 'python3', words, environment(store))]);
}

/** A broken WSGI server, which must be noticed: `leaks` or `errs`. */
export async function startPlanted(store, fault) {
  const port = await freePort();
  const words = [join(here, 'planted.py'), String(port), fault];
  return started(`wsgi that ${fault}`, port, [run(`wsgi-${fault}`, 'python3', words, environment(store))]);
}

/** The one of Debian, whose name has its version in it. */
const fpm = () => {
  const [found] = readdirSync('/usr/sbin').filter((name) => name.startsWith('php-fpm'));
  return `/usr/sbin/${found}`;
};

export async function startPhp(store, folder) {
  const port = await freePort();
  const at = (name) => join(folder, name);
  mkdirSync(folder, { recursive: true });
  execFileSync(join(php, 'bin', 'gatepass-ffi-header'), [at('gatepass-ffi.h')], { stdio: 'pipe' });
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  const asRoot = user === 'root';
  writeFileSync(at('fpm.conf'), `[global]
error_log = ${at('fpm.log')}
daemonize = no
[portal]
listen = ${at('fpm.sock')}
${asRoot ? 'user = root\ngroup = root' : ''}
pm = static
pm.max_children = ${WORKERS}
env[GATEPASS_SEAL_KEY] = ${store.sealKey}
php_admin_value[enable_post_data_reading] = 0
`);
  const settings = [
    'ffi.enable=preload', 'opcache.enable=1', 'display_errors=0', `error_log=${at('php.log')}`,
    `opcache.preload=${join(php, 'preload.php')}`, `opcache.preload_user=${user}`,
    `ffi.preload=${at('gatepass-ffi.h')}`,
  ];
  const words = ['-F', '-y', at('fpm.conf'), ...settings.flatMap((setting) => ['-d', setting])];
  const workers = run('php-fpm', fpm(), asRoot ? ['-R', ...words] : words, {});
  while (!existsSync(at('fpm.sock')) && workers.exitCode === null) await pause(20);

  const documented = readFileSync(join(root, 'docs', 'php-fpm.md'), 'utf8').match(/^```nginx\n(.*?)^```$/ms)[1];
  const location = documented
    .replaceAll('/srv/portal/vendor/gatepass/gatepass', php)
    .replaceAll('/var/lib/gatepass/gatepass.db', store.path)
    .replaceAll('/run/php/php8.2-fpm.sock', at('fpm.sock'))
    .replaceAll('fastcgi_params', '/etc/nginx/fastcgi_params');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${at(`nginx-${kind}`)};`);
  writeFileSync(at('nginx.conf'), `${asRoot ? 'user root;' : ''}
daemon off;
pid ${at('nginx.pid')};
events {}
http {
access_log off;
${temporary.join('\n')}
server {
listen 127.0.0.1:${port};
root ${at('site')};
${location}
}
}
`);
  const nginx = run('nginx', '/usr/sbin/nginx', ['-c', at('nginx.conf'), '-e', at('nginx.log')], {});
  return started('php-fpm', port, [workers, nginx]);
}
