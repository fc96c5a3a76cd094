// The run of tests/load: see tests/long/load.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Store } from '../endpoints/harness/store.js';
import { content, grown, sample, Waits } from './measure.js';
import { drawn, Traffic } from './traffic.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '120' },
    history: { type: 'string' },
  },
});
const [minutes, rate] = [Number(values.minutes), Number(values.rate)];

const PEOPLE = 200;

/** An act is so many requests, and so many sign-ins, as the shares of tests/load/traffic.js are. */
const REQUESTS_PER_ACT = 4.4;
const SIGN_INS_PER_ACT = 0.66;

/** So many acts at a time are under way at most. */
const AT_ONCE = 64;

/** For so many seconds as many are, before anything counts: what they leave in a server may be found there later. */
const CROWD = 30;

/** Between two looks at memory and files, in seconds. */
const LOOK_EVERY = 5;

/** The first part of the time counts for nothing: until then everything grows to what it needs. */
const WARMING = 0.2;

// The bounds. A server may grow by so much memory and so many open files, the store by that part and a little.
const MEMORY_KIB = 4_096;
const FILES = 8;
const STORE_PART = 0.05;
const STORE_BYTES = 1 << 20;
const PAGE = 4_096;
/** SQLite writes the log back at 1,000 pages; the rest is for whoever reads meanwhile. */
const WAL_BYTES = 16 << 20;

/** What a planted server does, and how it is told. */
const FAULTS = [['leaks', /^the memory/], ['errs', / 500 sorry/], ['errs', /database is locked/]];

const MEBI = 1 << 20;
const mib = (bytes) => `${(bytes / MEBI).toFixed(1)} MiB`;

/** Acts, evenly spread over so many seconds; what was wrong, and what was taken meanwhile. */
async function load({ store, entries, seconds, perSecond, kinds = drawn }) {
  const waits = new Waits();
  const traffic = new Traffic({ store, entries, people: PEOPLE, waits });
  const wrong = new Map();
  const running = new Set();
  const counts = {};
  const act = async (kind) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    try {
      await traffic[kind]();
    } catch (error) {
      const told = `${kind}: ${error.message}`.slice(0, 400);
      wrong.set(told, (wrong.get(told) ?? 0) + 1);
    }
  };
  const begin = (kind) => {
    const acting = act(kind).finally(() => running.delete(acting));
    running.add(acting);
  };
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  const samples = [];
  const contents = [];
  let [acts, late, nextLook, nextMinute] = [0, 0, 0, 60];
  while (elapsed() < seconds) {
    if (elapsed() >= nextLook) {
      samples.push({ at: elapsed(), ...sample(entries, store) });
      nextLook += LOOK_EVERY;
    }
    if (elapsed() >= nextMinute) {
      contents.push(await content(store));
      begin('upkeep');
      progress(nextMinute / 60, waits, samples.at(-1), contents.at(-1), wrong);
      nextMinute += 60;
    }
    if (elapsed() * perSecond < acts) {
      await pause(acts / perSecond * 1000 - elapsed() * 1000);
    } else if (running.size < AT_ONCE) {
      acts += 1;
      begin(kinds());
    } else {
      late += 1;
      await Promise.race(running);
    }
  }
  const unanswered = await Promise.race([Promise.all(running).then(() => 0), pause(60_000).then(() => running.size)]);
  return { waits, wrong, counts, samples, contents, late, unanswered, seconds: elapsed() };
}

function progress(minute, waits, { servers, file, wal }, { pages, tokens, sessions, events }, wrong) {
  const memory = Object.entries(servers).map(([name, { own, files }]) => `${name} ${mib(own * 1024)} ${files} files`);
  console.log(
    `minute ${minute}: ${waits.count} requests, ${wrong.size} kinds of errors; ${memory.join(', ')}; `
    + `store ${mib(file)} (${mib(pages * PAGE)} in use, ${tokens} tokens, ${sessions} sessions, ${events} events), log ${mib(wal)}`,
  );
}

/** Which answers were wrong, in words. */
function misanswered({ wrong, unanswered }) {
  const found = [...wrong].map(([told, times]) => `${times} times ${told}`);
  if (unanswered > 0) found.push(`${unanswered} acts had no answer after a minute`);
  return found;
}

/** What is not as it should be, in words. */
function judged({ samples, ...answers }) {
  const found = misanswered(answers);
  const counted = samples.slice(Math.ceil(samples.length * WARMING));
  for (const name of Object.keys(counted[0].servers)) {
    const memory = grown(counted, ({ servers }) => servers[name].own);
    if (memory.to - memory.from > MEMORY_KIB) {
      found.push(`the memory of ${name} grew from ${memory.from} to ${memory.to} KiB`);
    }
    const files = grown(counted, ({ servers }) => servers[name].files);
    if (files.to - files.from > FILES) {
      found.push(`the open files of ${name} grew from ${files.from} to ${files.to}`);
    }
  }
  const file = grown(counted, (one) => one.file);
  if (file.to > file.from * (1 + STORE_PART) + STORE_BYTES) {
    found.push(`the store grew from ${mib(file.from)} to ${mib(file.to)}`);
  }
  const wal = Math.max(...samples.map((one) => one.wal));
  if (wal > WAL_BYTES) found.push(`the log grew to ${mib(wal)}`);
  return found;
}

function report({ waits, counts, samples, contents, late, seconds }) {
  console.log(waits.lines().map((line) => `  ${line}`).join('\n'));
  const counted = samples.slice(Math.ceil(samples.length * WARMING));
  for (const name of Object.keys(counted[0].servers)) {
    const of = (what) => grown(counted, ({ servers }) => servers[name][what]);
    const kept = Object.entries({ own: 'own memory', pss: 'PSS', rss: 'RSS' })
      .map(([what, called]) => `${called} ${mib(of(what).from * 1024)} to ${mib(of(what).to * 1024)}`);
    console.log(`  ${name}: ${kept.join(', ')}, open files ${of('files').from} to ${of('files').to}`);
  }
  const file = grown(counted, (one) => one.file);
  const wal = Math.max(...samples.map((one) => one.wal));
  console.log(`  store: ${mib(file.from)} to ${mib(file.to)}, its log ${mib(wal)} at most`);
  if (contents.length > 1) {
    console.log(`  in use: ${JSON.stringify(contents[0])} to ${JSON.stringify(contents.at(-1))}`);
  }
  const acts = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`).join(', ');
  const pace = (waits.count / seconds).toFixed(0);
  console.log(`  ${waits.count} requests, ${pace} a second; acts: ${acts}; ${late} times too many at once`);
}

const folder = mkdtempSync(join(tmpdir(), 'gatepass-load-'));
process.env.ENDPOINT_ARTEFACTS = join(folder, 'logs');
// It reads the place of the logs when it is loaded.
const { startPhp, startPlanted, startTool, startWsgi } = await import('./servers.js');
const { freePort } = await import('../endpoints/harness/servers.js');

const port = await freePort();
const store = new Store(`http://127.0.0.1:${port}`);
const perSecond = rate / REQUESTS_PER_ACT;
const signIns = Math.ceil(perSecond * SIGN_INS_PER_ACT * 60);
console.log(`a history of ${signIns} sign-ins a minute …`);
const job = [store.path, Math.ceil(minutes), signIns, PEOPLE].join('\u001f');
execFileSync(values.history, ['history', '--exact', '--nocapture'], {
  env: { ...process.env, GATEPASS_TEST_JOB: job },
  stdio: ['ignore', 'ignore', 'inherit'],
});

let good = true;
const entries = [];
try {
  entries.push(await startTool(store, port), await startWsgi(store), await startPhp(store, join(folder, 'fpm')));
  console.log(`${CROWD} seconds of ${AT_ONCE} acts at a time …`);
  const crowd = await load({ store, entries, seconds: CROWD, perSecond: Infinity });
  console.log(`  ${crowd.waits.count} requests`);
  // The next one's AutoAuth links begin with the same people: they need another second.
  await pause(1_000);
  console.log(`${minutes} minutes, ${rate} requests a second, at ${entries.map(({ name }) => name).join(', ')} …`);
  const run = await load({ store, entries, seconds: minutes * 60, perSecond });
  report(run);
  const found = [...misanswered(crowd), ...judged(run)];
  good = found.length === 0;
  console.log(good ? 'ok  nothing but what was to come' : `BAD ${found.slice(0, 20).join('\n    ')}`);

  for (const [fault, noticed] of FAULTS) {
    const planted = await startPlanted(store, fault);
    const planned = { store, entries: [planted], seconds: 30, perSecond: 15, kinds: () => 'guesses' };
    const seen = judged(await load(planned)).find((told) => noticed.test(told));
    await planted.stop();
    good &&= seen !== undefined;
    console.log(seen === undefined ? `BAD control: nobody notices that a server ${fault}` : `ok  control: ${seen}`);
  }
} finally {
  await Promise.all(entries.map((entry) => entry.stop()));
}
store.remove();
if (good) rmSync(folder, { recursive: true });
const bad = `load: NOT as it should be; logs are in ${folder}`;
console.log(good ? 'load: good, and every broken variant was noticed' : bad);
process.exit(good ? 0 : 1);
