// What pages of another site make a browser do signs nobody in and nobody out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { launch } from './harness/chromium.js';
import { startSite } from './harness/site.js';
import { onEachServer } from './harness/stage.js';
import { ANN, BOB } from './harness/store.js';
import { click, confirmation, person, postFromElsewhere, sessionCookie, signIn } from './harness/visit.js';

onEachServer((stage) => {
  /** What the attacker's own browser was asked, with all hidden fields. */
  async function stolenQuestion() {
    const { server, site } = stage;
    const { access_token: token, redirect_url: link } = server.store.issue(ANN);
    const fields = await stage.visit(async (attacker) => {
      await signIn(attacker, site, server, BOB);
      await click(attacker, site, link);
      return confirmation(attacker).fields();
    });
    assert.ok(Object.values(fields).includes(token));
    return { token, link, fields };
  }

  test("somebody's token, posted by another site, signs nobody in", async () => {
    const { server, site } = stage;
    const { token, fields } = await stolenQuestion();
    const address = `${server.system}/oauth/singlesignon.php`;
    for (const sent of [fields, { access_token: token }]) {
      await stage.visit(async (victim) => {
        await postFromElsewhere(victim, site, address, sent);
        assert.equal(await sessionCookie(victim, server), undefined);
        assert.equal(server.store.state(token), 'live');
      });
    }
  });

  test("somebody's token, posted by another site, swaps nobody", async () => {
    const { server, site } = stage;
    const { token, fields } = await stolenQuestion();
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const cookie = (await sessionCookie(bob, server)).value;
      await postFromElsewhere(bob, site, `${server.system}/oauth/singlesignon.php`, fields);
      assert.equal((await sessionCookie(bob, server)).value, cookie);
      assert.equal(server.store.run('session', 'check', cookie).user_id, BOB.user);
      assert.equal(server.store.state(token), 'live');
    });
  });

  test("a page that opens somebody's link by itself swaps nobody", async () => {
    const { server, site } = stage;
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const cookie = (await sessionCookie(bob, server)).value;
      const { access_token: token, redirect_url: link } = server.store.issue(ANN);
      const trap = site.show('/trap', `<script>location.href = ${JSON.stringify(link)}</script>`);
      await bob.page.goto(trap);
      await bob.page.waitForURL((url) => url.origin !== site.origin);
      assert.equal((await sessionCookie(bob, server)).value, cookie);
      assert.equal(server.store.state(token), 'live');
    });
  });

  test('a picture, frame or script of another site signs nobody in and spends no token', async () => {
    const { server, site } = stage;
    const links = [1, 2, 3].map(() => server.store.issue(ANN).redirect_url);
    await stage.visit(async (victim) => {
      const [picture, frame, script] = links;
      const html = `<img src="${picture}"><iframe src="${frame}"></iframe><script src="${script}"></script>`;
      const answered = links.map((link) => victim.page.waitForResponse((answer) => answer.url() === link));
      await victim.page.goto(site.show('/trap', html));
      const statuses = (await Promise.all(answered)).map((answer) => answer.status());
      assert.deepEqual(statuses, [503, 503, 503]);
      assert.equal(await sessionCookie(victim, server), undefined);
      // Whoever opens one of them as a page is signed in.
      await click(victim, site, picture);
      assert.ok(await sessionCookie(victim, server));
    });
  });

  test('the page that asks cannot be put in a frame', async () => {
    const { server, site } = stage;
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      await click(bob, site, server.store.issue(ANN).redirect_url);
      const answer = bob.seen.at(-1);
      assert.match((await answer.allHeaders())['content-security-policy'], /frame-ancestors 'none'/);
      const framed = bob.page.waitForResponse((response) => response.url().endsWith('/logout.php'));
      await bob.page.goto(site.show('/trap', `<iframe src="${server.system}/logout.php"></iframe>`));
      assert.equal((await framed).status(), 503);
    });
  });

  test('a sign-out that another site posts signs nobody out', async () => {
    const { server, site } = stage;
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const cookie = (await sessionCookie(bob, server)).value;
      await postFromElsewhere(bob, site, `${server.system}/logout.php`, {});
      assert.equal((await sessionCookie(bob, server))?.value, cookie);
      assert.equal(server.store.run('session', 'check', cookie).user_id, BOB.user);
    });
  });
});

describe('a server that believes every form', () => {
  const cookie = 'gp_careless';
  let server;
  let site;
  let chromium;
  before(async () => {
    server = createServer((asked, answer) => {
      const [value, age] = asked.url === '/logout.php' ? ['', 0] : ['somebody', 600];
      answer.writeHead(asked.method === 'POST' ? 303 : 200, {
        'Content-Type': 'text/html',
        ...(asked.method === 'POST' && {
          Location: '/clientarea.php',
          'Set-Cookie': `${cookie}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax`,
        }),
      });
      answer.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    site = await startSite();
    chromium = await launch();
  });
  after(async () => {
    await chromium?.stop();
    await site?.stop();
    server?.close();
  });

  test('is found out: the forms above do sign in and out', async () => {
    const victim = await person(chromium);
    const system = `http://127.0.0.1:${server.address().port}`;
    await postFromElsewhere(victim, site, `${system}/oauth/singlesignon.php`, { access_token: 'x' });
    await victim.page.waitForURL(`${system}/clientarea.php`);
    assert.equal((await sessionCookie(victim, { cookie }))?.value, 'somebody');
    await postFromElsewhere(victim, site, `${system}/logout.php`, {});
    assert.equal(await sessionCookie(victim, { cookie }), undefined);
    await victim.leave();
  });
});
