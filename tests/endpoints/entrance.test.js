// A link from another site leads into the system, once, and nobody else learns of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { ANN } from './harness/store.js';
import { arrive, click, sessionCookie } from './harness/visit.js';

const SERVICE = ['--destination', 'clientarea:product_details', '--service', '7'];
const LANDING = 'clientarea.php?action=productdetails&id=7';

onEachServer((stage) => {
  test('a link leads to its landing page, and the answer keeps the token to itself', async () => {
    const { server, site } = stage;
    const { access_token: token, redirect_url: link } = server.store.issue(ANN, ...SERVICE);
    await stage.visit(async (ann) => {
      await click(ann, site, link);
      assert.equal(ann.page.url(), `${server.system}/${LANDING}`);

      const answer = ann.seen.find((one) => one.url() === link);
      assert.equal(answer.status(), 303);
      const headers = await answer.allHeaders();
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      const landing = await ann.seen.at(-1).request().allHeaders();
      assert.equal(landing.referer, undefined);
      assert.ok(!(await ann.page.evaluate(() => document.referrer)).includes(token));
      assert.equal(server.store.state(token), 'redeemed');
    });
  });

  test('the session cookie is out of reach for scripts and forms of other sites', async () => {
    const { server, site } = stage;
    await stage.visit(async (ann) => {
      await click(ann, site, server.store.issue(ANN).redirect_url);
      const cookie = await sessionCookie(ann, server);
      const { httpOnly, sameSite, path, domain, secure } = cookie;
      assert.deepEqual(
        { httpOnly, sameSite, path, domain, secure },
        // Plain http on the loopback address is the one place without Secure.
        { httpOnly: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1', secure: false },
      );
      assert.ok(!(await ann.page.evaluate(() => document.cookie)).includes(cookie.value));
      server.store.run('session', 'check', cookie.value);
    });
  });

  test('a second click in the same browser leads to the landing page again, on the same session', async () => {
    const { server, site } = stage;
    const link = server.store.issue(ANN, ...SERVICE).redirect_url;
    await stage.visit(async (ann) => {
      await click(ann, site, link);
      const first = await sessionCookie(ann, server);
      const running = server.store.sessions().length;
      await click(ann, site, link);
      assert.equal(ann.page.url(), `${server.system}/${LANDING}`);
      assert.equal((await sessionCookie(ann, server)).value, first.value);
      assert.equal(server.store.sessions().length, running);
    });
  });

  test('Back leads to where the click was, and the token is in no address', async () => {
    const { server, site } = stage;
    await stage.visit(async (ann) => {
      await click(ann, site, server.store.issue(ANN, ...SERVICE).redirect_url);
      await ann.page.goBack();
      assert.equal(ann.page.url(), `${site.origin}/link`);
      await ann.page.goForward();
      assert.equal(ann.page.url(), `${server.system}/${LANDING}`);
      await ann.page.reload();
      assert.equal(ann.page.url(), `${server.system}/${LANDING}`);
      assert.ok(await sessionCookie(ann, server));
    });
  });

  test('a link that somebody else used starts no session', async () => {
    const { server, site } = stage;
    const link = server.store.issue(ANN).redirect_url;
    await stage.visit((ann) => click(ann, site, link));
    const running = server.store.sessions().length;
    await stage.visit(async (thief) => {
      await click(thief, site, link);
      assert.equal(thief.page.url(), link);
      assert.match(await thief.page.innerText('body'), /used (already|a moment ago)/i);
      assert.equal(await sessionCookie(thief, server), undefined);
    });
    assert.equal(server.store.sessions().length, running);
  });

  test('a double click starts one session', async () => {
    const { server, site } = stage;
    const { access_token: token, redirect_url: link } = server.store.issue(ANN, ...SERVICE);
    const running = server.store.sessions().length;
    await stage.visit(async (ann) => {
      await ann.page.goto(site.show('/link', `<p><a id="link" href="${link}">Open</a>`));
      await ann.page.dblclick('#link', { noWaitAfter: true });
      await arrive(ann, (url) => url.origin !== site.origin);
      assert.equal(server.store.state(token), 'redeemed');
    });
    assert.equal(server.store.sessions().length, running + 1);
  });
});
