// What looks at a link before the person does (mail scanners, previews, browsers that load ahead) spends
// nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { ANN, BOB } from './harness/store.js';
import { sessionCookie } from './harness/visit.js';
import { askedInAdvance, behindWitness } from './harness/witness.js';

onEachServer((stage) => {
  test('HEAD says nothing about a link and spends nothing', async () => {
    const { store, system } = stage.server;
    const { access_token: token, redirect_url: live } = store.issue(ANN);
    const unknown = `${system}/oauth/singlesignon.php?access_token=${'0'.repeat(40)}`;
    const autoauth = store.autoauth(BOB);
    const answers = [];
    for (const link of [live, unknown, autoauth]) {
      const answer = await fetch(link, { method: 'HEAD', redirect: 'manual' });
      const { date, ...headers } = Object.fromEntries(answer.headers);
      answers.push({ status: answer.status, headers, body: await answer.text() });
    }
    assert.equal(answers[0].status, 503);
    assert.equal(answers[0].headers['cache-control'], 'no-store');
    assert.equal(answers[0].headers['set-cookie'], undefined);
    assert.equal(answers[0].body, '');
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(store.state(token), 'live');
    await stage.visit(async (bob) => {
      await bob.page.goto(autoauth);
      assert.ok(await sessionCookie(bob, stage.server));
    });
  });

  for (const eagerness of ['prefetch', 'prerender']) {
    for (const where of ['the same site', 'another site']) {
      test(`a ${eagerness} from ${where} spends nothing, and the click then signs in`, async () => {
        const { server, site } = stage;
        const { store, witness } = server;
        const issued = store.issue(ANN, '--path', 'viewinvoice.php?id=5');
        const links = [
          [issued.redirect_url, 'viewinvoice.php?id=5'],
          [store.autoauth(ANN, 'viewquote.php?id=6'), 'viewquote.php?id=6'],
        ];
        for (const [link, landing] of links) {
          const rules = { [eagerness]: [{ urls: [link], eagerness: 'immediate' }] };
          const html = `<p><a id="link" href="${link.replaceAll('&', '&amp;')}">Open</a>` +
            `<script type="speculationrules">${JSON.stringify(rules)}</script>`;
          await stage.visit(async (ann) => {
            let portal = site.show('/portal', html);
            if (where === 'the same site') {
              portal = `${server.system}/portal`;
              const body = `<!doctype html><title>Portal</title>${html}`;
              await ann.page.route(portal, (route) => route.fulfill({ contentType: 'text/html', body }));
            }
            await ann.page.goto(portal);
            const { status, purpose } = await askedInAdvance(witness, link);
            assert.equal(status, 503);
            assert.match(purpose, /^prefetch/);
            assert.equal(await sessionCookie(ann, server), undefined);

            await Promise.all([ann.page.waitForURL(`${server.system}/${landing}`), ann.page.click('#link')]);
            assert.ok(await sessionCookie(ann, server));
          });
        }
        assert.equal(store.state(issued.access_token), 'redeemed');
      });
    }
  }
}, { prepare: behindWitness });
