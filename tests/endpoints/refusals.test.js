// A link that leads nowhere says so to the person, leads back, and gives the operator something to look up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { onEachServer } from './harness/stage.js';
import { ANN, BOB } from './harness/store.js';
import { click, sessionCookie } from './harness/visit.js';

onEachServer((stage) => {
  /** Opens a link that must be refused; the text of the page. */
  const refused = async (link, look = async () => {}) => stage.visit(async (visitor) => {
    const { server, site } = stage;
    await click(visitor, site, link);
    const answer = visitor.seen.at(-1);
    assert.equal(visitor.page.url(), link);
    assert.ok(answer.status() >= 400 && answer.status() < 500, String(answer.status()));
    const headers = await answer.allHeaders();
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.match(headers['content-security-policy'], /default-src 'none'/);
    assert.equal(await sessionCookie(visitor, server), undefined);
    const html = await visitor.page.content();
    const token = new URL(link).searchParams.get('access_token');
    assert.ok(!html.includes(token), 'the page repeats the token');
    await look(visitor.page);
    return visitor.page.innerText('body');
  });

  /** The page leads home and names a reference that the audit knows. */
  const helps = (reason) => async (page) => {
    const { server, site } = stage;
    assert.equal(await page.locator(`a[href="${site.origin}/home"]`).count(), 1);
    const text = await page.innerText('body');
    const [, reference] = text.match(/reference[^:]*: (\S+)/i) ?? assert.fail(text);
    const found = server.store.run('audit', 'list', '--reference', reference);
    assert.equal(found.length, 1, `the audit has no event ${reference}`);
    assert.match(JSON.stringify(found), reason);
  };

  test('an expired link says that it expired', async () => {
    const link = stage.server.store.issue(ANN, '--life', '1').redirect_url;
    await pause(1_100);
    assert.match(await refused(link, helps(/token_expired/)), /expired/i);
  });

  test('a used link says that it was used', async () => {
    const { store } = stage.server;
    const { access_token: token, redirect_url: link } = store.issue(ANN);
    store.run('token', 'redeem', token);
    // Before that it could be the second half of a double click.
    await pause(5_200);
    assert.match(await refused(link, helps(/token_redeemed/)), /used/i);
  });

  test('a revoked link says no more than that it is not good', async () => {
    const { store } = stage.server;
    const { token, redirect_url: link } = store.issue(ANN);
    store.run('token', 'revoke', token);
    await refused(link, helps(/token_revoked/));
  });

  test('a link of a client that was closed since signs nobody in', async () => {
    const { store } = stage.server;
    const { redirect_url: link } = store.issue(BOB);
    store.run('client', 'set-status', String(BOB.client), 'closed');
    try {
      await refused(link, helps(/client_closed/));
    } finally {
      store.run('client', 'set-status', String(BOB.client), 'active');
    }
  });

  test('an unknown link and a broken one get one answer, which tells nothing', async () => {
    const { system } = stage.server;
    const at = `${system}/oauth/singlesignon.php?access_token=`;
    const unknown = await refused(`${at}${'0'.repeat(40)}`);
    assert.equal(await refused(`${at}nonsense`), unknown);
    assert.doesNotMatch(unknown, /ann|bob|example/i);
  });

  test('what a link brings is shown as text at most', async () => {
    const { system } = stage.server;
    const nasty = '"><img src=x onerror=alert(1)>';
    for (const query of [
      `oauth/singlesignon.php?access_token=${encodeURIComponent(nasty)}`,
      `dologin.php?email=${encodeURIComponent(nasty)}&timestamp=1&hash=${encodeURIComponent(nasty)}`,
    ]) {
      await stage.visit(async ({ page }) => {
        await page.goto(`${system}/${query}`);
        assert.equal(await page.locator('img').count(), 0);
      });
    }
  });
});
