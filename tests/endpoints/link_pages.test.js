// What people meet who open a sign-in link from a mail that is good: asked once, and led to its page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { INVOICE, annSignsIn, mailToAnn } from './harness/mail.js';
import { onEachServer } from './harness/stage.js';
import { ANN, BOB } from './harness/store.js';
import { arrive, click, confirmation, openLink, press, sessionCookie, signIn } from './harness/visit.js';

onEachServer((stage) => {
  const landing = () => `${stage.server.system}/${INVOICE}`;
  const used = (url) => stage.server.store.inspectLink(url).used;

  test('the question says who, what for and where, and its button signs in', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      const { server, site } = stage;
      await click(ann, site, url);
      assert.equal(ann.seen.at(-1).status(), 200);
      assert.match(await ann.page.innerText('h1'), /Continue as .Ann Example. to .invoice 5.\?/);
      assert.match(await ann.page.innerText('body'), /ann@example\.com/);
      await press(ann, confirmation(ann).proceed);
      assert.equal(ann.page.url(), landing());
      const { value } = await sessionCookie(ann, server);
      assert.equal(server.store.run('session', 'check', value).user_id, ANN.user);
    });
  });

  test('a link without a title names the page', async () => {
    const { url } = stage.server.store.link(ANN, '--path', INVOICE);
    await stage.visit(async (ann) => {
      await click(ann, stage.site, url);
      assert.match(await ann.page.innerText('h1'), /Continue as .Ann Example.\?/);
      assert.ok((await ann.page.innerText('body')).includes(landing()));
    });
  });

  test('"Cancel" leads to where the mail came from, and uses nothing', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      const { server, site } = stage;
      site.show('/home', '<h1>Home</h1>');
      await click(ann, site, url);
      await press(ann, ann.page.getByRole('link', { name: /^cancel/i }));
      assert.equal(ann.page.url(), `${site.origin}/home`);
      assert.equal(await sessionCookie(ann, server), undefined);
    });
    assert.equal(used(url), 0);
  });

  test('somebody else is signed in: the question names both, and changes nothing by itself', async () => {
    const { server, site } = stage;
    const { url } = mailToAnn(stage);
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const cookie = (await sessionCookie(bob, server)).value;
      await click(bob, site, url);
      const text = await bob.page.innerText('body');
      assert.match(text, /Ann Example/);
      assert.match(text, /Bob Example/);
      await press(bob, confirmation(bob).stay);
      assert.equal((await sessionCookie(bob, server)).value, cookie);
      assert.equal(server.store.run('session', 'check', cookie).user_id, BOB.user);
      assert.equal(used(url), 0);
    });
  });

  test('somebody else is signed in: "Continue" ends that session', async () => {
    const { server, site } = stage;
    const { url } = mailToAnn(stage);
    await stage.visit(async (bob) => {
      await signIn(bob, site, server, BOB);
      const before = (await sessionCookie(bob, server)).value;
      await openLink(bob, site, url);
      assert.equal(bob.page.url(), landing());
      const { value } = await sessionCookie(bob, server);
      assert.equal(server.store.run('session', 'check', value).user_id, ANN.user);
      assert.throws(() => server.store.run('session', 'check', before), { status: 1 });
    });
  });

  test('whoever is signed in already goes straight to the page, and no use is spent', async () => {
    const { server, site } = stage;
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      await signIn(ann, site, server, ANN);
      const { value } = await sessionCookie(ann, server);
      await click(ann, site, url);
      assert.equal(ann.page.url(), landing());
      assert.equal((await sessionCookie(ann, server)).value, value);
      assert.equal(used(url), 0);
    });
  });

  test('a second click in the mail leads to the page again, also when the link is used up', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      await openLink(ann, stage.site, url);
      await click(ann, stage.site, url);
      assert.equal(ann.page.url(), landing());
      assert.equal(used(url), 1);
    });
  });

  test('Back after the sign-in leads to the page and asks nothing', async () => {
    const { url } = mailToAnn(stage, '--uses', '2');
    await stage.visit(async (ann) => {
      await openLink(ann, stage.site, url);
      await ann.page.goBack();
      assert.equal(ann.page.url(), landing());
      assert.equal(used(url), 1);
    });
  });

  test('a double click on the button spends one use', async () => {
    const { server, site } = stage;
    const { url } = mailToAnn(stage, '--uses', '3');
    await stage.visit(async (ann) => {
      const forms = [];
      ann.page.on('request', (request) => request.method() === 'POST' && forms.push(request.url()));
      await click(ann, site, url);
      await confirmation(ann).proceed.dblclick({ noWaitAfter: true });
      await arrive(ann, landing());
      assert.ok(await sessionCookie(ann, server));
      // The browser would drop the answer to a first form when it sends a second one, and the session with it.
      assert.equal(forms.length, 1);
      assert.equal(used(url), 1);
    });
  });

  test('two tabs that were asked both lead in, and spend one use', async () => {
    const { url } = mailToAnn(stage, '--uses', '2');
    await stage.visit(async (ann) => {
      const other = { page: await ann.context.newPage() };
      await click(ann, stage.site, url);
      await click(other, stage.site, url);
      for (const tab of [other, ann]) {
        await press(tab, confirmation(tab).proceed);
        assert.equal(tab.page.url(), landing());
      }
      assert.equal(used(url), 1);
    });
  });

  test('a question that another tab asked later is asked again, and then leads in', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      const other = { page: await ann.context.newPage() };
      await click(ann, stage.site, url);
      await click(other, stage.site, url);
      await press(ann, confirmation(ann).proceed);
      assert.equal(used(url), 0);
      await press(ann, confirmation(ann).proceed);
      assert.equal(ann.page.url(), landing());
      assert.equal(used(url), 1);
    });
  });

  test('a link in the address bar goes no further', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      await click(ann, stage.site, url);
      const headers = await ann.seen.at(-1).allHeaders();
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(headers['content-security-policy'], /default-src 'none'/);
      const onward = ann.page.waitForRequest(landing());
      await press(ann, confirmation(ann).proceed);
      assert.equal((await (await onward).allHeaders()).referer, undefined);
    });
  });
});
