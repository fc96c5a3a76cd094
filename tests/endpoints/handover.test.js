// The demonstration, as somebody who tries it out sees it: portal, client area, sign-out.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launch } from './harness/chromium.js';
import { startDemo } from './harness/servers.js';
import { person, press } from './harness/visit.js';

describe('gatepass serve --demo', () => {
  let chromium;
  let demo;
  before(async () => {
    chromium = await launch();
    demo = await startDemo();
  });
  after(async () => {
    await demo?.stop();
    await chromium?.stop();
  });

  async function visit(act) {
    const ann = await person(chromium);
    try {
      await ann.page.goto(demo.portal);
      await act(ann);
    } finally {
      await ann.leave();
    }
  }
  const way = ({ page }, name) => page.getByRole('link', { name }).or(page.getByRole('button', { name }));
  const openService = async (ann) => {
    await press(ann, way(ann, /my service/i));
    await ann.page.waitForURL((url) => url.pathname.endsWith('/clientarea.php'));
  };
  const text = ({ page }) => page.innerText('body');

  test('the portal says who is signed in there', () => visit(async (ann) => {
    assert.match(await text(ann), /Ann Example|ann@example\.com/);
  }));

  test('a click leads into the client area, as that person, and no address shows the token', () => (
    visit(async (ann) => {
      await openService(ann);
      const { pathname, searchParams } = new URL(ann.page.url());
      assert.equal(pathname, '/billing/clientarea.php');
      assert.equal(searchParams.get('action'), 'productdetails');
      assert.match(searchParams.get('id'), /^[1-9]\d*$/);
      assert.match(await text(ann), /Ann Example/);
      const token = ann.seen
        .map((answer) => new URL(answer.url()).searchParams.get('access_token'))
        .find((found) => found !== null);
      assert.match(token, /^[0-9a-f]{40}$/);
      assert.ok(!(await ann.page.content()).includes(token));
      assert.ok(!ann.page.url().includes(token));
    })
  ));

  test('Back leads to the portal, reload and a second click find the person still signed in', () => (
    visit(async (ann) => {
      await openService(ann);
      await ann.page.reload();
      assert.match(await text(ann), /Ann Example/);
      await ann.page.goBack();
      assert.equal(ann.page.url(), demo.portal);
      await openService(ann);
      assert.match(await text(ann), /Ann Example/);
    })
  ));

  test('another link of the portal leads to its own page', () => visit(async (ann) => {
    await press(ann, way(ann, /my invoices/i));
    await ann.page.waitForURL(`${demo.url}/clientarea.php?action=invoices`);
    assert.match(await text(ann), /Ann Example/);
  }));

  test('signing out in the client area ends it there, not in the portal', () => visit(async (ann) => {
    await openService(ann);
    await press(ann, way(ann, /sign out/i));
    if (new URL(ann.page.url()).pathname.endsWith('/logout.php')) {
      const asked = ann.page.getByRole('button', { name: /sign out/i });
      if ((await asked.count()) > 0) await press(ann, asked);
    }
    assert.deepEqual((await ann.context.cookies()).filter(({ name }) => /^gp_[0-9a-f]+$/.test(name)), []);
    await ann.page.goto(`${demo.url}/clientarea.php`);
    assert.doesNotMatch(await text(ann), /Ann Example/);
    await ann.page.goto(demo.portal);
    assert.match(await text(ann), /Ann Example|ann@example\.com/);
  }));

  test('the client area says so when nobody is signed in', async () => {
    const stranger = await person(chromium);
    await stranger.page.goto(`${demo.url}/clientarea.php?action=invoices`);
    assert.doesNotMatch(await text(stranger), /Ann Example|Bob Example/);
    await stranger.leave();
  });
});
