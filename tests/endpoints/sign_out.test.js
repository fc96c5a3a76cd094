// Signing out ends the session, and only a person's own press does it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { ANN } from './harness/store.js';
import { answerTo, sessionCookie, signIn } from './harness/visit.js';

onEachServer((stage) => {
  test('opening the page signs nobody out, its button does', async () => {
    const { server, site } = stage;
    await stage.visit(async (ann) => {
      await signIn(ann, site, server, ANN);
      const { value } = await sessionCookie(ann, server);
      await ann.page.goto(`${server.system}/logout.php`);
      assert.equal((await sessionCookie(ann, server)).value, value);
      server.store.run('session', 'check', value);

      const answer = await answerTo(ann, `${server.system}/logout.php`, () => (
        ann.page.getByRole('button', { name: 'Sign out' }).click()
      ));
      assert.equal(answer.status(), 303);
      assert.equal(await answer.headerValue('location'), server.system);
      assert.equal(await sessionCookie(ann, server), undefined);
      assert.throws(() => server.store.run('session', 'check', value), { status: 1 });
    });
  });

  test('the page is there for who is not signed in', async () => {
    const { server } = stage;
    await stage.visit(async (visitor) => {
      await visitor.page.goto(`${server.system}/logout.php`);
      assert.equal(visitor.seen.at(-1).status(), 200);
      assert.equal(await visitor.page.innerText('h1'), 'Nobody is signed in');
    });
  });
});
