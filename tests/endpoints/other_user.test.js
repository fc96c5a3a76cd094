// Somebody else is signed in: nobody is swapped without being asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { ANN, BOB } from './harness/store.js';
import { click, confirmation, press, sessionCookie, signIn } from './harness/visit.js';

onEachServer((stage) => {
  /** Bob is signed in and follows a link of Ann's. */
  async function atTheQuestion(act) {
    const { server, site } = stage;
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const cookie = (await sessionCookie(bob, server)).value;
      const { access_token: token, redirect_url: link } = server.store.issue(ANN, '--path', 'viewinvoice.php?id=5');
      await click(bob, site, link);
      await act({ bob, token, link, cookie, question: confirmation(bob) });
    });
  }

  test('the page asks, names both, and spends nothing', () => atTheQuestion(async (at) => {
    const { server } = stage;
    const text = await at.bob.page.innerText('body');
    assert.match(text, /Bob Example|bob@example\.net/);
    assert.match(text, /Ann Example|ann@example\.com/);
    assert.equal(server.store.state(at.token), 'live');
    assert.equal((await sessionCookie(at.bob, server)).value, at.cookie);
    server.store.run('session', 'check', at.cookie);
  }));

  test('"Continue" signs the other person in and ends the session that was there', () => (
    atTheQuestion(async (at) => {
      const { server } = stage;
      await press(at.bob, at.question.proceed);
      assert.equal(at.bob.page.url(), `${server.system}/viewinvoice.php?id=5`);
      assert.equal(server.store.state(at.token), 'redeemed');
      const cookie = (await sessionCookie(at.bob, server)).value;
      assert.notEqual(cookie, at.cookie);
      assert.equal(server.store.run('session', 'check', cookie).user_id, ANN.user);
      assert.throws(() => server.store.run('session', 'check', at.cookie), { status: 1 });
    })
  ));

  test('"Stay" changes nothing', () => atTheQuestion(async (at) => {
    const { server } = stage;
    await press(at.bob, at.question.stay);
    assert.ok(at.bob.page.url().startsWith(`${server.system}/`));
    assert.ok(!at.bob.page.url().includes(at.token));
    assert.equal(server.store.state(at.token), 'live');
    assert.equal((await sessionCookie(at.bob, server)).value, at.cookie);
    server.store.run('session', 'check', at.cookie);
  }));

  test('a question that another browser was asked answers nothing here', () => atTheQuestion(async (at) => {
    const { server } = stage;
    const nonce = (await at.bob.context.cookies()).find(({ name }) => name.startsWith('gp_confirm_'));
    assert.deepEqual(
      { httpOnly: nonce.httpOnly, sameSite: nonce.sameSite },
      { httpOnly: true, sameSite: 'Strict' },
    );
    await at.bob.context.clearCookies({ name: nonce.name });
    await press(at.bob, at.question.proceed);
    assert.equal(server.store.state(at.token), 'live');
    assert.equal((await sessionCookie(at.bob, server)).value, at.cookie);
  }));

  test('the person who is signed in is asked nothing', async () => {
    const { server, site } = stage;
    await stage.visit(async (ann) => {
      await signIn(ann, site, server, ANN);
      const link = server.store.issue(ANN, '--path', 'viewinvoice.php?id=5').redirect_url;
      await click(ann, site, link);
      assert.equal(ann.page.url(), `${server.system}/viewinvoice.php?id=5`);
    });
  });
});
