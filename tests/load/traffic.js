// What people, their programs and others do at the endpoints. Each act asks now this server, now that one, and knows
// what must come back: anything else is an error.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

import { ask, cookiesOf, hiddenFields, post } from '../endpoints/harness/ask.js';
import { ANN, CLOSED, OPTED_OUT } from '../endpoints/harness/store.js';

const SSO = '/oauth/singlesignon.php';
const API = '/includes/api.php';

/** Nothing of this is in an answer, whatever it says. */
const INSIDE = /\blocked|sqlite|panick|traceback|fatal error|warning:/i;

/** The AutoAuth key of the tests' store. */
const AUTOAUTH_KEY = 'a key that only these tests know';

const FORM = 'application/x-www-form-urlencoded';

const oneOf = (many) => many[randomInt(many.length)];

/** Some address of this machine's loopback, of which there are many: guesses are counted by address. */
const somewhere = () => `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`;

export class Traffic {
  #autoauth = 0;

  constructor({ store, entries, people, waits }) {
    Object.assign(this, { store, entries, people, waits });
    this.session = `gp_${store.id.slice(0, 16)}=`;
  }

  /** One answer of one server, of which it is known what status it must have. */
  async #ask(kind, path, { status, ...options }, entry = oneOf(this.entries)) {
    const begun = performance.now();
    const send = options.fields === undefined ? ask : (url, { fields, ...more }) => post(url, fields, more);
    const answer = await send(entry.origin + path, options);
    this.waits.note(`${entry.name}, ${kind}`, performance.now() - begun);
    const asked = `${options.method ?? 'GET'} ${path.slice(0, 60)} at ${entry.name}`;
    const told = `${asked}: ${answer.status} ${answer.body.slice(0, 200)}`;
    assert.ok([status].flat().includes(answer.status), `${told} instead of ${status}`);
    assert.doesNotMatch(answer.body, INSIDE, told);
    return answer;
  }

  #api(action, parameters, { status = 200, from, ...credential } = {}) {
    const fields = { ...this.store.portal, ...credential, action, ...parameters, responsetype: 'json' };
    return this.#ask('API', API, { fields, status, from }).then(({ body }) => JSON.parse(body));
  }

  #person() {
    // Those of the tests' store come first.
    const number = randomInt(6, 6 + this.people);
    return { client: number, email: `person${number - 5}@example.com` };
  }

  async #token(client) {
    const { result, access_token: token, message } = await this.#api('CreateSsoToken', { client_id: client });
    assert.equal(result, 'success', message);
    return token;
  }

  /** Whether this answer starts a session. */
  #signsIn(answer) {
    const begins = new RegExp(`^${this.session}[0-9a-f]{64};`);
    return (answer.headers['set-cookie'] ?? []).some((cookie) => begins.test(cookie));
  }

  #signedIn(answer) {
    assert.ok(this.#signsIn(answer), 'nobody is signed in');
    assert.match(answer.headers.location, new RegExp(`^${this.store.systemUrl}/`));
    return cookiesOf(answer);
  }

  /** From the API to sign-out; some never sign out. */
  async handOver() {
    const { client, email } = this.#person();
    const token = await this.#token(client);
    const cookie = this.#signedIn(await this.#ask('redemption', `${SSO}?access_token=${token}`, { status: 303 }));
    const headers = { Cookie: cookie };
    // A second click in the same browser leads to the same page, and starts nothing.
    const again = await this.#ask('second click', `${SSO}?access_token=${token}`, { status: 303, headers });
    assert.ok(!this.#signsIn(again), 'a second session');
    const page = await this.#ask('sign-out', '/logout.php', { status: 200, headers });
    assert.ok(page.body.includes(email), 'somebody else is signed in');
    if (randomInt(4) === 0) return;
    await this.#ask('sign-out', '/logout.php', { status: 303, fields: hiddenFields(page.body), headers });
    const after = await this.#ask('sign-out', '/logout.php', { status: 200, headers });
    assert.ok(!after.body.includes(email), 'still signed in');
  }

  /** Two clicks at once, at two servers: one signs in. */
  async doubleClick() {
    const token = await this.#token(this.#person().client);
    const click = () => this.#ask('redemption', `${SSO}?access_token=${token}`, { status: [303, 410] });
    const answers = await Promise.all([click(), click()]);
    assert.equal(answers.filter((answer) => this.#signsIn(answer)).length, 1, 'not exactly one is signed in');
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410]);
  }

  async lists() {
    const limitnum = randomInt(1, 60);
    const { totalresults, numreturned } = await this.#api('GetClients', { limitnum });
    assert.deepEqual([numreturned, totalresults], [limitnum, this.people + 5]);
    const users = await this.#api('GetUsers', { search: `person${randomInt(1, this.people + 1)}@` });
    assert.equal(users.numreturned, 1);
    const { client, email } = this.#person();
    const details = await this.#api('GetClientsDetails', { clientid: client });
    assert.equal(details.client?.email ?? details.email, email);
  }

  async refusedCalls() {
    const from = somewhere();
    const secret = `${this.store.portal.secret.slice(0, -1)}${this.store.portal.secret.endsWith('a') ? 'b' : 'a'}`;
    const wrong = await this.#api('CreateSsoToken', { client_id: ANN.client }, { secret, from, status: 403 });
    assert.equal(wrong.message, 'Invalid or missing credentials');
    const afar = await this.#api('GetUsers', {}, { ...this.store.elsewhere, status: 403 });
    assert.match(afar.message, /^Invalid IP/);
    for (const { client } of [CLOSED, OPTED_OUT]) {
      const blocked = await this.#api('CreateSsoToken', { client_id: client });
      assert.equal(blocked.message, `SSO authentication blocked for client ${client}`);
    }
  }

  async guesses() {
    const options = { status: 403, from: somewhere() };
    await this.#ask('guess', `${SSO}?access_token=${randomBytes(20).toString('hex')}`, options);
    const link = Array.from({ length: 32 }, () => oneOf('abcdefghijklmnopqrstuvwxyz234567')).join('');
    await this.#ask('guess', `/signin.php?${link}`, options);
    const wrong = `email=ann%40example.com&timestamp=${Math.floor(Date.now() / 1000)}&hash=${'0'.repeat(40)}`;
    await this.#ask('guess', `/dologin.php?${wrong}`, options);
  }

  async autoAuth() {
    // Everybody in turn: two links of one person and second are the same link.
    this.#autoauth += 1;
    const email = `person${1 + this.#autoauth % this.people}@example.com`;
    const timestamp = Math.floor(Date.now() / 1000);
    const hash = createHash('sha1').update(email + timestamp + AUTOAUTH_KEY).digest('hex');
    const path = `/dologin.php?email=${encodeURIComponent(email)}&timestamp=${timestamp}&hash=${hash}`;
    this.#signedIn(await this.#ask('AutoAuth', path, { status: 303 }));
    const again = await this.#ask('AutoAuth', path, { status: 410 });
    assert.ok(!this.#signsIn(again), 'an AutoAuth link signs in twice');
  }

  /** A link of an e-mail, made by the tool in a process of its own. */
  async emailLink() {
    const { identifier, secret } = this.store.portal;
    const { client, email } = this.#person();
    const words = ['link', 'create', '--client', String(client), '--identifier', identifier, '--secret', secret];
    const { url } = await this.tool(...words);
    const path = url.slice(this.store.systemUrl.length);
    await this.#ask('e-mail link', path, { method: 'HEAD', status: 503 });
    const question = await this.#ask('e-mail link', path, { status: 200 });
    const headers = { Cookie: cookiesOf(question) };
    const fields = hiddenFields(question.body);
    const opened = await this.#ask('e-mail link', path.split('?')[0], { fields, headers, status: 303 });
    const cookie = this.#signedIn(opened);
    const page = await this.#ask('sign-out', '/logout.php', { status: 200, headers: { Cookie: cookie } });
    assert.ok(page.body.includes(email), 'somebody else is signed in');
    await this.#ask('e-mail link', path, { status: 410 });
  }

  async hostile() {
    const token = await this.#token(this.#person().client);
    const sso = `${SSO}?access_token=${token}`;
    // Nothing of this spends the token.
    await this.#ask('hostile', sso, { method: 'HEAD', status: 503 });
    await this.#ask('hostile', sso, { headers: { 'Sec-Purpose': 'prefetch' }, status: 503 });
    await this.#ask('hostile', sso, { method: 'PUT', status: 405 });
    await this.#ask('hostile', `${SSO}?access_token[]=${token}`, { status: 403 });
    await this.#ask('hostile', `${SSO}?access_token=${token}%00`, { status: 403 });
    await this.#ask('hostile', `${SSO}?access_token=${'%FF'.repeat(200)}`, { status: 403 });
    for (const [media, body, status] of [
      [FORM, 'a'.repeat(70_000), 413],
      [FORM, 'action=GetUsers&action=GetClients', 400],
      ['application/json', '{"action":"GetUsers"}', 415],
      ['multipart/form-data; boundary=x', '--x\r\nbroken', 400],
    ]) {
      await this.#ask('hostile', API, { method: 'POST', headers: { 'Content-Type': media }, body, status });
    }
    await this.#ask('hostile', `/dologin.php?goto=//evil.example/&email=${"'--".repeat(40)}`, { status: [400, 403] });
    this.#signedIn(await this.#ask('redemption', sso, { status: 303 }));
  }

  /** What a cron job does. */
  async upkeep() {
    const copy = `${this.store.folder}/copy-${randomInt(1e9)}`;
    await this.tool('backup', copy);
    await rm(copy);
    await this.tool('check');
  }

  async tool(...words) {
    const options = ['--store', this.store.path, '--seal-key', this.store.sealKey, '--json'];
    const { stdout } = await promisify(execFile)(process.env.GATEPASS_BIN, [...options, ...words]);
    return stdout === '' ? null : JSON.parse(stdout);
  }
}

/** How many of a hundred acts are of each kind. */
const SHARES = {
  handOver: 40, doubleClick: 12, lists: 14, refusedCalls: 8, guesses: 12, autoAuth: 8, emailLink: 2, hostile: 4,
};

/** The kind of an act. */
export function drawn() {
  let left = randomInt(100);
  for (const [kind, share] of Object.entries(SHARES)) {
    left -= share;
    if (left < 0) return kind;
  }
  throw new Error('the shares are a hundred');
}
