// A sign-in link as it reaches the person: written anew by filters, redirected, or after something that sends
// forms, which no page can tell from the person.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { annSignsIn, mailToAnn, INVOICE } from './harness/mail.js';
import { onEachServer } from './harness/stage.js';
import { ANN } from './harness/store.js';
import { click, confirmation, press, sessionCookie } from './harness/visit.js';
import { REWRITTEN, pressesButtons, submitsForms } from './harness/zoo.js';

onEachServer((stage) => {
  before(() => stage.server.store.run('settings', 'set', 'link_renewal_path', 'fresh.php'));

  for (const [how, rewrite] of Object.entries(REWRITTEN)) {
    test(`a link that was written anew ${how} still leads the person in`, async () => {
      await annSignsIn(stage, rewrite(mailToAnn(stage).url));
    });
  }

  test('a link behind the redirect of a mail filter leads the person in', async () => {
    const { url } = mailToAnn(stage);
    await stage.visit(async (ann) => {
      const { server, site } = stage;
      await ann.page.goto(site.show('/filter', `<script>location.replace(${JSON.stringify(url)})</script>`));
      await ann.page.waitForURL(url);
      await press(ann, confirmation(ann).proceed);
      assert.equal(ann.page.url(), `${server.system}/${INVOICE}`);
    });
  });

  for (const [robot, send] of Object.entries({
    'a browser that presses buttons': pressesButtons,
    'a program that sends forms': submitsForms,
  })) {
    test(`${robot} spends a use and is signed in; the person who comes then is shown the way to a new link`, async () => {
      const { server, site } = stage;
      const { url, link } = mailToAnn(stage);
      assert.equal(await send(url, stage), `${server.system}/${INVOICE}`);
      assert.equal(server.store.inspectLink(url).state, 'used');
      assert.equal(server.store.sessions()[0].user_id, ANN.user);
      const told = () => stage.visit(async (ann) => {
        await click(ann, site, url);
        assert.equal(ann.seen.at(-1).status(), 410);
        assert.equal(await sessionCookie(ann, server), undefined);
        const way = ann.page.getByRole('link', { name: /new link/i });
        assert.equal(await way.getAttribute('href'), `${server.system}/fresh.php?link=${link}`);
        return ann.page.innerText('h1');
      });
      assert.match(await told(), /used a moment ago/);
      server.store.moveTime(link, 'last_opened_at', -6_000);
      assert.match(await told(), /used already/);
    });

    test(`${robot} leaves the person the second of two uses`, async () => {
      const { store } = stage.server;
      const { url } = mailToAnn(stage, '--uses', '2');
      await send(url, stage);
      assert.equal(store.inspectLink(url).used, 1);
      await annSignsIn(stage, url);
    });
  }
});
