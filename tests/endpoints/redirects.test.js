// Real paths land where they should, and no hostile one leads anywhere else, as Chromium follows the answer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { call } from './harness/api.js';
import { launch } from './harness/chromium.js';
import { kinds, start } from './harness/servers.js';
import { ANN, BOB } from './harness/store.js';
import { RAW, attempts, classes } from './redirects/hostile.js';
import { follow } from './redirects/judge.js';
import { NAMED, PATHS } from './redirects/real.js';

let chromium;
before(async () => {
  chromium = await launch();
});
after(() => chromium?.stop());

/** Opens each of `cases`, each time without a cookie; `see` gets what was judged. */
async function followAll(cases, system, see) {
  const context = await chromium.browser.newContext();
  const page = await context.newPage();
  for (const next of cases) {
    await context.clearCookies();
    see(next, await follow(page, chromium.outside, next.url, system));
  }
  await context.close();
}

/** AutoAuth links, each with a timestamp of its own, since each is good for one use. */
function linkMaker(store) {
  const now = Math.floor(Date.now() / 1000);
  let count = 0;
  return (goto) => {
    const at = count;
    count += 1;
    assert.ok(at < 2800, 'more links than there are seconds in the window');
    return store.autoauth(at % 2 ? ANN : BOB, goto, now - 700 + Math.floor(at / 2));
  };
}

for (const kind of kinds) {
  describe(`${kind}`, () => {
    let server;
    let link;
    before(async () => {
      server = await start(kind);
      link = linkMaker(server.store);
    });
    after(() => server?.stop());

    const custom = { client_id: '1', destination: 'sso:custom_redirect' };
    const create = (parameters) => call(server, server.store.portal, 'CreateSsoToken', parameters);
    const place = (text) => text.replace('{base}', new URL(server.system).pathname.replace(/\/$/, ''));

    async function landExactly(cases) {
      const wrong = [];
      await followAll(cases, server.system, ({ asked, wanted }, { landed }) => {
        if (landed !== `${server.system}/${wanted}`) wrong.push({ asked, landed });
      });
      assert.deepEqual(wrong, []);
    }

    test('a real path of goto is where the browser lands', async () => {
      assert.ok(PATHS.length >= 60);
      const url = (asked) => link(encodeURIComponent(place(asked)));
      await landExactly(PATHS.map(([asked, wanted]) => ({ asked, wanted, url: url(asked) })));
    });

    test('a real sso_redirect_path is where the browser lands', async () => {
      const cases = [];
      for (const [asked, wanted] of PATHS) {
        const answer = await create({ ...custom, sso_redirect_path: place(asked) });
        assert.equal(answer.result, 'success', asked);
        cases.push({ asked, wanted, url: answer.redirect_url });
      }
      await landExactly(cases);
    });

    test('a named destination is where the browser lands', async () => {
      const cases = [];
      for (const [asked, wanted] of NAMED) {
        const answer = await create({ client_id: '1', ...asked });
        assert.equal(answer.result, 'success', asked.destination);
        cases.push({ asked, wanted, url: answer.redirect_url });
      }
      await landExactly(cases);
    });

    // The rule is the same code in all servers: the first gets all, with a spelling more of each, the others a third.
    const hostile = () => {
      const all = attempts(server.system, { spelled: kind === kinds[0] });
      return kind === kinds[0] ? all : all.filter((_, at) => at % 3 === 0);
    };

    async function neverLeave(t, cases, refusedBefore = 0) {
      const faults = [];
      let stayed = 0;
      await followAll(cases, server.system, ({ asked }, { landed, fault }) => {
        if (fault !== null) faults.push({ asked, landed, fault });
        if (landed === null) stayed += 1;
      });
      const refused = refusedBefore + stayed;
      t.diagnostic(`${refused} refused, ${cases.length - stayed} landed safely`);
      assert.deepEqual(faults, []);
      assert.ok(refused > cases.length / 2);
    }

    test('no hostile goto leads anywhere else', async (t) => {
      const cases = hostile().map(([, asked]) => ({ asked, url: link(encodeURIComponent(asked)) }));
      const raw = RAW.map((asked) => ({ asked, url: link(asked.replaceAll('{name}', 'goto')) }));
      assert.ok(kind !== kinds[0] || cases.length >= 300);
      await neverLeave(t, [...cases, ...raw]);
    });

    test('no hostile sso_redirect_path leads anywhere else', async (t) => {
      const cases = [];
      let refused = 0;
      for (const [, asked] of hostile()) {
        const answer = await create({ ...custom, sso_redirect_path: asked });
        if (answer.result === 'error') refused += 1;
        else cases.push({ asked, url: answer.redirect_url });
      }
      await neverLeave(t, cases, refused);
    });
  });
}

describe('a server that sends people wherever they are told', () => {
  let server;
  let port;
  before(async () => {
    // Bytes of its own, since no HTTP library writes such headers.
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => {
        const [, query] = data.toString().match(/^GET \/billing\/dologin\.php\?goto=(\S*)/) ?? [];
        const landing = query === undefined ? '' : `Location: ${decodeURIComponent(query)}\r\n`;
        const status = query === undefined ? '200 OK' : '303 See Other';
        socket.end(`HTTP/1.1 ${status}\r\n${landing}Content-Length: 0\r\nConnection: close\r\n\r\n`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = server.address().port;
  });
  after(() => server?.close());

  test('is found out in every class of attempts', async (t) => {
    const system = `http://127.0.0.1:${port}/billing`;
    const tried = attempts(system, { spelled: false });
    const cases = tried.map(([name, asked]) => ({
      name, asked, url: `${system}/dologin.php?goto=${encodeURIComponent(asked)}`,
    }));
    const found = new Map();
    await followAll(cases, system, ({ name }, { fault }) => {
      if (fault !== null) found.set(name, (found.get(name) ?? 0) + 1);
    });
    t.diagnostic(`${[...found.values()].reduce((a, b) => a + b)} of ${cases.length} noticed`);
    assert.deepEqual(classes.filter((name) => !found.has(name)), []);
  });
});
