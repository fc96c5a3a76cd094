// A sign-in link that leads nowhere says why in plain words, shows the way to a fresh one, and tells nothing else.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { annSignsIn, mailToAnn } from './harness/mail.js';
import { onEachServer } from './harness/stage.js';
import { ANN } from './harness/store.js';
import { click, press, sessionCookie } from './harness/visit.js';

const RENEWAL = 'account.php?page=mail';

onEachServer((stage) => {
  before(() => stage.server.store.run('settings', 'set', 'link_renewal_path', RENEWAL));

  /** Follows a link that must not work: the page says why, shows the way to a fresh one, and tells nothing else. */
  const refused = ({ url, link }, why, reason) => stage.visit(async (ann) => {
    const { server, site } = stage;
    await click(ann, site, url);
    assert.equal(ann.seen.at(-1).status(), 410);
    const text = await ann.page.innerText('body');
    assert.match(text, why);
    assert.doesNotMatch(text, /Ann|example\.com|invoice/);
    assert.ok(!(await ann.page.content()).includes(url.split('?')[1]), 'the page repeats the link');
    assert.equal(await ann.page.getByRole('button').count(), 0);
    assert.equal(await sessionCookie(ann, server), undefined);

    const [, reference] = text.match(/reference[^:]*: (\S+)/i) ?? assert.fail(text);
    const found = server.store.run('audit', 'list', '--reference', reference);
    assert.match(JSON.stringify(found), reason);

    assert.equal(await ann.page.locator(`a[href="${site.origin}/home"]`).count(), 1);
    const renewal = `${server.system}/${RENEWAL}&link=${link}`;
    await ann.page.route(renewal, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Fresh one</h1>' }));
    await press(ann, ann.page.getByRole('link', { name: /new link/i }));
    assert.equal(ann.page.url(), renewal);
  });

  test('a used link says so', async () => {
    const made = mailToAnn(stage);
    await annSignsIn(stage, made.url);
    // Right after that it could be the second half of a double click.
    stage.server.store.moveTime(made.link, 'last_opened_at', -6_000);
    await refused(made, /used/i, /link_used/);
  });

  test('an expired link says so', async () => {
    const made = mailToAnn(stage, '--life', '1m');
    stage.server.store.moveTime(made.link, 'expires_at', -1);
    await refused(made, /expired/i, /link_expired/);
  });

  test('a revoked link says that it is no longer valid', async () => {
    const made = mailToAnn(stage);
    stage.server.store.run('link', 'revoke', made.link);
    await refused(made, /no longer valid/i, /link_revoked/);
  });

  test('a link says that another one of its kind was used', async () => {
    const [older, newer] = [1, 2].map(() => mailToAnn(stage, '--label', 'reminder', '--end-siblings'));
    await annSignsIn(stage, newer.url);
    await refused(older, /another link/i, /link_superseded/);
  });

  for (const changed of ['email', 'password']) {
    test(`a link sent before the ${changed} was changed says so`, async () => {
      const made = mailToAnn(stage);
      stage.server.store.run('link', 'account-changed', '--user', String(ANN.user), '--changed', changed);
      await refused(made, /e-mail address or password was changed/i, /link_outdated/);
    });
  }

  test('an unknown link and a broken one get one answer, which tells nothing', async () => {
    const { server, site } = stage;
    const texts = await Promise.all(['a'.repeat(32), 'nonsense'].map((query) => stage.visit(async ({ page }) => {
      const answer = await page.goto(`${server.system}/signin.php?${query}`);
      assert.equal(answer.status(), 403);
      assert.equal(await page.getByRole('link', { name: /new link/i }).count(), 0);
      return page.innerText('body');
    })));
    assert.equal(texts[0], texts[1]);
    assert.ok(!texts[0].includes(site.origin));
  });
});
