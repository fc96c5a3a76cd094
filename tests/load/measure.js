// What the processes of the servers and the store's files take, and for how long people wait.

import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { promisify } from 'node:util';

/** In a process of its own, as every second opener of a store must be. */
const PAGES = `
import sqlite3, sys
store = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=10)
one = lambda sql: store.execute(sql).fetchone()[0]
total, free = one("PRAGMA page_count"), one("PRAGMA freelist_count")
print(total - free, *(one(f"SELECT count(*) FROM {table}") for table in ("token", "session", "audit")))
`;

const size = (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const kib = (text, name) => Number(text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))[1]);

/** Memory and open files of a server's processes, together. A process that ends meanwhile counts for nothing. */
function taken(pids) {
  const sum = { own: 0, pss: 0, rss: 0, files: 0 };
  for (const pid of pids) {
    try {
      const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      // What nobody else has a share in: that of a library changes with whoever else has it loaded.
      sum.own += kib(memory, 'Anonymous');
      sum.pss += kib(memory, 'Pss');
      sum.rss += kib(memory, 'Rss');
      sum.files += readdirSync(`/proc/${pid}/fd`).length;
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(error.code)) throw error;
    }
  }
  return sum;
}

/** What `entries` and the store take now. */
export function sample(entries, store) {
  return {
    servers: Object.fromEntries(entries.map((entry) => [entry.name, taken(entry.pids())])),
    file: size(store.path),
    wal: size(`${store.path}-wal`),
  };
}

/** Pages in use, and rows of what comes and goes. */
export async function content(store) {
  const { stdout } = await promisify(execFile)('python3', ['-c', PAGES, store.path]);
  const [pages, tokens, sessions, events] = stdout.trim().split(' ').map(Number);
  return { pages, tokens, sessions, events };
}

/** How long answers took, in milliseconds, by name. */
export class Waits {
  #of = new Map();

  note(name, milliseconds) {
    if (!this.#of.has(name)) this.#of.set(name, []);
    this.#of.get(name).push(milliseconds);
  }

  get count() {
    return [...this.#of.values()].reduce((sum, waits) => sum + waits.length, 0);
  }

  /** A line for each name: how many, the median, the 99th percentile and the worst. */
  lines() {
    return [...this.#of].sort().map(([name, waits]) => {
      const sorted = Float64Array.from(waits).sort();
      const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
      return `${name}: ${sorted.length} requests, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
    });
  }
}

const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * How much something grew: between the middle of the first part of the samples and that of the last, each as
 * long as a fifth of them. A leak grows all along; what only goes up and down does not.
 */
export function grown(samples, of) {
  const part = Math.max(1, Math.floor(samples.length / 5));
  const values = samples.map(of);
  return { from: middle(values.slice(0, part)), to: middle(values.slice(-part)) };
}
