// A store made by the tool, with the people and credentials that the tests need.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tool = process.env.GATEPASS_BIN;

export const ANN = { user: 1, client: 1, email: 'ann@example.com', name: 'Ann Example' };
export const BOB = { user: 2, client: 2, email: 'bob@example.net', name: 'Bob Example' };
/** Her client is closed. */
export const CLOSED = { user: 3, client: 3, email: 'closed@example.org', name: 'Cleo Example' };
/** His client has single sign-on switched off. */
export const OPTED_OUT = { user: 4, client: 4, email: 'off@example.org', name: 'Otto Example' };

/** A name and an address without a place to break. */
export const LONG = {
  user: 5,
  client: 5,
  email: 'hubert.wolfeschlegelsteinhausenbergerdorffwelchevoraltern@example.org',
  name: 'Hubert Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren',
};

/** What signs AutoAuth links; the stored key has the same text. */
const AUTOAUTH_KEY = 'a key that only these tests know';

/** In a process of its own, as every second opener of a store must be. */
const MOVE_TIME = `
import sqlite3, sys
store, column, link, at = sys.argv[1:]
with sqlite3.connect(store, timeout=10) as store:
    moved = store.execute(f"UPDATE link SET {column} = ? WHERE hex(substr(key, 1, 12)) = upper(?)", (int(at), link))
    assert moved.rowcount == 1, link
`;

/** Nobody calls from there. */
const AFAR = ['--address', '203.0.113.0/24'];

export class Store {
  #timestamp = Math.floor(Date.now() / 1000);

  /** `home` is where refusal pages send people back to. */
  constructor(systemUrl, home = 'http://localhost:9/') {
    this.systemUrl = systemUrl;
    this.folder = mkdtempSync(join(tmpdir(), 'gatepass-endpoints-'));
    // The sealing key must not stand beside the store.
    for (const name of ['store', 'keys']) mkdirSync(join(this.folder, name), { mode: 0o700 });
    this.path = join(this.folder, 'store', 'gatepass.db');
    this.sealKey = join(this.folder, 'keys', 'seal.key');

    this.run('seal', 'new', this.sealKey);
    this.run('init', '--mode', 'managed', '--system-url', systemUrl);
    this.id = this.run('info').store_id;
    for (const person of [ANN, BOB, CLOSED, OPTED_OUT, LONG]) {
      const [first, last] = person.name.split(' ');
      const names = ['--first-name', first, '--last-name', last];
      this.run('user', 'add', person.email, ...names);
      this.run('client', 'add', person.email, '--owner', String(person.user), ...names);
    }
    this.run('client', 'set-status', String(CLOSED.client), 'closed');
    this.run('client', 'allow-sso', String(OPTED_OUT.client), 'off');
    this.run('admin', 'add', 'operator');
    const everywhere = ['--destination', '*', '--destination', 'sso:custom_redirect', '--home-url', home];
    this.portal = this.#credential('portal', ...everywhere, '--links');
    this.elsewhere = this.#credential('elsewhere', ...AFAR);
    /** The same two for a client that puts its secret into the query. */
    this.inQuery = {
      portal: this.#credential('portal in query', '--secret-in-query'),
      elsewhere: this.#credential('elsewhere in query', ...AFAR, '--secret-in-query'),
    };
    this.run('autoauth', 'key', 'add', 'old portal', '--key', AUTOAUTH_KEY);
    this.run('autoauth', 'enable');
  }

  #credential(label, ...options) {
    const { credential, secret } = this.run('credential', 'create', label, '--admin', 'operator', ...options);
    return { identifier: credential.identifier, secret };
  }

  #nextTimestamp() {
    this.#timestamp -= 1;
    return this.#timestamp;
  }

  /** What a command of the tool answers. */
  run(...words) {
    const options = ['--store', this.path, '--seal-key', this.sealKey, '--json'];
    const text = execFileSync(tool, [...options, ...words], { encoding: 'utf8', stdio: 'pipe' });
    return text === '' ? null : JSON.parse(text);
  }

  /** A token of the portal, as the tool shows it: `access_token`, `redirect_url`. */
  issue(person, ...options) {
    const { identifier, secret } = this.portal;
    const asking = ['--identifier', identifier, '--secret', secret];
    return this.run('token', 'issue', '--client', String(person.client), ...asking, ...options);
  }

  /** A sign-in link of the portal, as the tool shows it: `url`, and its public name `link`. */
  link(person, ...options) {
    const { identifier, secret } = this.portal;
    const asking = ['--identifier', identifier, '--secret', secret];
    return this.run('link', 'create', '--client', String(person.client), ...asking, ...options);
  }

  /** What is known of a sign-in link: `state`, `used`, … */
  inspectLink(url) {
    return this.run('link', 'inspect', url);
  }

  /** Moves a time of a sign-in link to so many milliseconds from now, since a link lives a minute at least. */
  moveTime(link, column, milliseconds) {
    const words = [this.path, column, link, String(Date.now() + milliseconds)];
    execFileSync(process.env.ENDPOINT_PYTHON, ['-c', MOVE_TIME, ...words], { stdio: 'pipe' });
  }

  /** `live`, `redeemed`, … */
  state(token) {
    return this.run('token', 'inspect', token).state;
  }

  /** The sessions that are running, newest first. */
  sessions() {
    return this.run('session', 'list');
  }

  /** The user numbers of the running sessions, sorted. */
  signedIn() {
    return this.sessions().map((session) => session.user_id).sort();
  }

  /**
   * An AutoAuth link by the public formula. `timestamp`, in seconds, makes it another link: each has its own.
   */
  autoauth(person, goto, timestamp = this.#nextTimestamp()) {
    const hash = createHash('sha1').update(person.email + timestamp + AUTOAUTH_KEY).digest('hex');
    const landing = goto === undefined ? '' : `&goto=${goto}`;
    return `${this.systemUrl}/dologin.php?email=${encodeURIComponent(person.email)}` +
      `&timestamp=${timestamp}&hash=${hash}${landing}`;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
