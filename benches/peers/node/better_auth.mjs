// better_auth.mjs plain|hashed FILE: better-auth's one-time tokens. Issue is `generateOneTimeToken` for a signed-in user,
// redeem is `verifyOneTimeToken`, both called in the server. Its SQLite syncs each commit to a write-ahead log: as
// compiled, better-sqlite3 does not do so in that mode, so it is said explicitly.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { oneTimeToken } from 'better-auth/plugins';
import Database from 'better-sqlite3';

const [how, path] = process.argv.slice(2);

const database = new Database(path, { timeout: 60_000 });
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');

const options = {
  baseURL: 'https://billing.example.com',
  secret: randomBytes(32).toString('hex'),
  database,
  emailAndPassword: { enabled: true },
  logger: { level: 'error' },
  telemetry: { enabled: false },
  plugins: [oneTimeToken({ storeToken: how })],
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);

const signedUp = await auth.api.signUpEmail({
  body: { name: 'Ann', email: 'ann@example.com', password: randomBytes(16).toString('hex') },
  returnHeaders: true,
});
const cookie = signedUp.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
const headers = new Headers({ cookie });

const acts = {
  issue: async () => (await auth.api.generateOneTimeToken({ headers })).token,
  redeem: async (token) => {
    const { user } = await auth.api.verifyOneTimeToken({ body: { token } });
    if (user.email !== 'ann@example.com') throw new Error('refused');
  },
};

const beside = (file) => readFileSync(new URL(`node_modules/${file}`, import.meta.url));
const installed = (name) => JSON.parse(beside(`${name}/package.json`)).version;
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

// One that does not name fdatasync was built to call fsync.
const addon = beside('better-sqlite3/build/Release/better_sqlite3.node');
say({
  ready: true,
  versions: {
    node: process.versions.node,
    'better-auth': installed('better-auth'),
    'better-sqlite3': installed('better-sqlite3'),
    sqlite: database.prepare('SELECT sqlite_version() AS version').get().version,
  },
  sync: addon.includes('\0fdatasync\0') ? 'fdatasync' : 'fsync',
});

let tokens = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { act, count } = JSON.parse(line);
  const before = act === 'redeem' ? tokens : Array.from({ length: count });
  const gave = [];
  const began = process.hrtime.bigint();
  for (const one of before) gave.push(await acts[act](one));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (act === 'issue') tokens = gave;
  say({ seconds });
}
database.close();
