// Old AutoAuth links in a browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { ANN, BOB, CLOSED } from './harness/store.js';
import { click, confirmation, press, sessionCookie, signIn } from './harness/visit.js';

const now = () => Math.floor(Date.now() / 1000);

onEachServer((stage) => {
  const isRefused = (link) => stage.visit(async (visitor) => {
    const { server, site } = stage;
    await click(visitor, site, link);
    assert.equal(visitor.page.url(), link);
    assert.ok(visitor.seen.at(-1).status() >= 400);
    assert.equal(await sessionCookie(visitor, server), undefined);
  });

  test('a link signs in and leads to its goto', async () => {
    const { server, site } = stage;
    const goto = 'clientarea.php?action=productdetails&id=7';
    await stage.visit(async (ann) => {
      await click(ann, site, server.store.autoauth(ANN, encodeURIComponent(goto)));
      assert.equal(ann.page.url(), `${server.system}/${goto}`);
      const { value } = await sessionCookie(ann, server);
      assert.equal(server.store.run('session', 'check', value).user_id, ANN.user);
    });
  });

  test('a link without goto leads to the client area, also one that the tool signed', async () => {
    const { server, site } = stage;
    const signed = server.store.run('autoauth', 'sign', '--email', BOB.email, '--key-label', 'old portal');
    for (const link of [server.store.autoauth(ANN), signed.url]) {
      await stage.visit(async (person) => {
        await click(person, site, link);
        assert.equal(person.page.url(), `${server.system}/clientarea.php`);
      });
    }
  });

  test('a link is good for one browser', async () => {
    const link = stage.server.store.autoauth(ANN);
    await stage.visit(async (ann) => {
      await click(ann, stage.site, link);
      assert.ok(await sessionCookie(ann, stage.server));
      // The browser that holds the session may click again.
      await click(ann, stage.site, link);
      assert.equal(ann.page.url(), `${stage.server.system}/clientarea.php`);
    });
    await isRefused(link);
  });

  test('a link that is forged, too old or too new signs nobody in', async () => {
    const { store } = stage.server;
    const link = store.autoauth(ANN);
    await isRefused(link.replace('ann%40', 'bob%40'));
    await isRefused(link.replace(/hash=./, (start) => (start === 'hash=0' ? 'hash=1' : 'hash=0')));
    await isRefused(store.autoauth(ANN, undefined, now() - 960));
    await isRefused(store.autoauth(ANN, undefined, now() + 960));
    await isRefused(store.autoauth(CLOSED));
  });

  test('somebody who is signed in is asked first', async () => {
    const { server, site } = stage;
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const before = (await sessionCookie(bob, server)).value;
      await click(bob, site, server.store.autoauth(ANN, 'viewinvoice.php%3Fid%3D5'));
      assert.equal((await sessionCookie(bob, server)).value, before);
      await press(bob, confirmation(bob).proceed);
      assert.equal(bob.page.url(), `${server.system}/viewinvoice.php?id=5`);
      const { value } = await sessionCookie(bob, server);
      assert.equal(server.store.run('session', 'check', value).user_id, ANN.user);
    });
  });
});
