// The servers that have the endpoints: the tool's own, PHP's front controllers, and WSGI. Each run has its
// own port, store and process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Store } from './store.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
/** Where logs and pictures go. */
export const artefacts = process.env.ENDPOINT_ARTEFACTS;

const BOOT_MILLISECONDS = 15_000;

/** How each is started, and below which path its pages are. */
const KINDS = {
  tool: {
    base: '/billing',
    command: ({ port, store, base }) => [
      process.env.GATEPASS_BIN,
      ['--store', store.path, '--seal-key', store.sealKey, 'serve', '--listen', `127.0.0.1:${port}`,
        '--base-path', base],
    ],
  },
  php: {
    base: '',
    command: ({ port }) => [
      'php',
      ['-d', 'ffi.enable=true', '-S', `127.0.0.1:${port}`, '-t', join(root, 'bindings', 'php', 'public')],
    ],
  },
  wsgi: {
    base: '',
    command: ({ port }) => [process.env.ENDPOINT_PYTHON, [join(here, 'wsgi_server.py'), String(port)]],
  },
};

export const kinds = Object.keys(KINDS);

/** A port of the loopback address that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until something listens there, as long as the process lives. */
export async function accepts(port, child) {
  const until = Date.now() + BOOT_MILLISECONDS;
  while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((tell) => {
      socket.once('connect', () => tell(true)).once('error', () => tell(false));
    });
    socket.destroy();
    if (open) return;
    await pause(50);
  }
  throw new Error(`nothing accepts connections on port ${port} (exit code ${child.exitCode})`);
}

/** Nothing is left running, also when a test file is stopped from outside. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A process of ours, whose errors go to a log of that name. */
export function run(name, command, words, environment) {
  mkdirSync(artefacts, { recursive: true });
  const log = createWriteStream(join(artefacts, `${name}.log`), { flags: 'a' });
  const child = spawn(command, words, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.on('error', (error) => log.write(`${error}\n`));
  child.stderr.pipe(log, { end: false });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a process of ours. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const late = pause(5_000, 'late', { ref: false });
  if ((await Promise.race([exit, late])) === 'late') {
    child.kill('SIGKILL');
    throw new Error('a server did not stop within five seconds of SIGTERM');
  }
}

/**
 * A running server with a store of its own. `port` is where it listens, if not a free one; `seenAt` is
 * another origin that people see, when something stands between.
 */
export async function start(kind, { home, port, seenAt } = {}) {
  const { base, command } = KINDS[kind];
  const at = port ?? (await freePort());
  const system = `${seenAt ?? `http://127.0.0.1:${at}`}${base}`;
  const store = new Store(system, home);
  const [program, words] = command({ port: at, store, base });
  const child = run(kind, program, words, {
    GATEPASS_STORE: store.path,
    GATEPASS_SEAL_KEY: store.sealKey,
  });
  child.stdout.resume();
  const stop = async () => {
    await end(child);
    store.remove();
  };
  try {
    await accepts(at, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kind, system, store, port: at, cookie: `gp_${store.id.slice(0, 16)}`, stop };
}

/** `gatepass serve --demo`: `url`, `portal`, `store` as it tells them. */
export async function startDemo() {
  const words = ['--json', 'serve', '--demo', '--listen', '127.0.0.1:0', '--base-path', '/billing'];
  const child = run('demo', process.env.GATEPASS_BIN, words, {});
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, 'exit').then(() => [null]);
  const [line] = await Promise.race([once(lines, 'line'), gone]);
  if (line === null) throw new Error(`the demonstration ended with ${child.exitCode}`);
  return { ...JSON.parse(line), stop: () => end(child) };
}
