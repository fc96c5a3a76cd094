// Every page: a picture at phone (also a narrow one) and desktop size, light and dark, and nothing for axe to find. The pictures
// are left in the target folder, for people to look at.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import axe from 'axe-core';

import { launch } from './harness/chromium.js';
import { mailToAnn } from './harness/mail.js';
import { artefacts, start, startDemo } from './harness/servers.js';
import { startSite } from './harness/site.js';
import { ANN, BOB, CLOSED, LONG } from './harness/store.js';
import { click, person, press, signIn } from './harness/visit.js';

const SIZES = { narrow: { width: 320, height: 640 }, phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const SCHEMES = ['light', 'dark'];

describe('the pages', () => {
  const pictures = join(artefacts, 'pictures');
  let chromium;
  let site;
  let server;
  let demo;
  before(async () => {
    mkdirSync(pictures, { recursive: true });
    chromium = await launch();
    site = await startSite();
    server = await start('tool', { home: `${site.origin}/home` });
    server.store.run('settings', 'set', 'link_renewal_path', 'fresh.php');
    demo = await startDemo();
  });
  after(async () => {
    await demo?.stop();
    await server?.stop();
    await site?.stop();
    await chromium?.stop();
  });

  /** A link that was used just now, as by a robot. */
  function usedLink() {
    const made = mailToAnn({ server });
    server.store.run('link', 'open', made.url);
    return made;
  }

  /** Each page by the way that leads to it. */
  const PAGES = {
    portal: (who) => who.page.goto(demo.portal),
    'client-area': async (who) => {
      await who.page.goto(demo.portal);
      await press(who, who.page.getByRole('link', { name: /my service/i })
        .or(who.page.getByRole('button', { name: /my service/i })));
    },
    'client-area-of-nobody': (who) => who.page.goto(`${demo.url}/clientarea.php`),
    question: async (who) => {
      await signIn(who, site, server, BOB);
      await click(who, site, server.store.issue(ANN).redirect_url);
    },
    'question-autoauth': async (who) => {
      await signIn(who, site, server, BOB);
      await click(who, site, server.store.autoauth(ANN));
    },
    'link-question': (who) => click(who, site, mailToAnn({ server }).url),
    'link-question-other': async (who) => {
      await signIn(who, site, server, BOB);
      await click(who, site, mailToAnn({ server }).url);
    },
    'link-long-words': (who) => click(who, site, server.store.link(
      LONG, '--path', `viewinvoice.php?id=${'5'.repeat(60)}`, '--title', 'Rechtsschutzversicherungsgesellschaften'.repeat(2),
    ).url),
    'link-used-a-moment-ago': (who) => click(who, site, usedLink().url),
    'link-used': (who) => {
      const made = usedLink();
      server.store.moveTime(made.link, 'last_opened_at', -6_000);
      return click(who, site, made.url);
    },
    'link-expired': (who) => {
      const made = mailToAnn({ server });
      server.store.moveTime(made.link, 'expires_at', -1);
      return click(who, site, made.url);
    },
    'link-out-of-date': (who) => {
      const { url } = mailToAnn({ server });
      server.store.run('link', 'account-changed', '--user', String(ANN.user), '--changed', 'email');
      return click(who, site, url);
    },
    'link-of-a-closed-client': (who) => {
      const { url } = server.store.link(BOB);
      server.store.run('client', 'set-status', String(BOB.client), 'closed');
      return click(who, site, url)
        .finally(() => server.store.run('client', 'set-status', String(BOB.client), 'active'));
    },
    'no-link': (who) => click(who, site, `${server.system}/signin.php`),
    'used-a-moment-ago': async (who) => {
      const { access_token: token, redirect_url: link } = server.store.issue(ANN);
      server.store.run('token', 'redeem', token);
      await click(who, site, link);
    },
    used: async (who) => {
      const { access_token: token, redirect_url: link } = server.store.issue(ANN);
      server.store.run('token', 'redeem', token);
      await pause(5_200);
      await click(who, site, link);
    },
    expired: async (who) => {
      const link = server.store.issue(ANN, '--life', '1').redirect_url;
      await pause(1_100);
      await click(who, site, link);
    },
    unknown: (who) => click(who, site, `${server.system}/oauth/singlesignon.php?access_token=${'0'.repeat(40)}`),
    'no-token': (who) => click(who, site, `${server.system}/oauth/singlesignon.php`),
    'autoauth-refused': (who) => click(who, site, server.store.autoauth(CLOSED)),
    'autoauth-broken': (who) => click(who, site, `${server.system}/dologin.php?email=ann%40example.com`),
    'sign-out': async (who) => {
      await signIn(who, site, server, ANN);
      await who.page.goto(`${server.system}/logout.php`);
    },
    'nobody-to-sign-out': (who) => who.page.goto(`${server.system}/logout.php`),
    'not-found': (who) => who.page.goto(`${server.system}/oauth/nothing.php`),
  };

  const isTooWide = (page) => page.evaluate(() => (
    document.documentElement.scrollWidth > document.documentElement.clientWidth
  ));

  async function findings(page) {
    // The page's own policy lets no script in, but what the debugger evaluates is not the page's.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
  }

  for (const [name, open] of Object.entries(PAGES)) {
    test(`"${name}" is readable for everybody, at any size, by day and night`, async () => {
      const who = await person(chromium);
      try {
        await open(who);
        for (const [size, viewport] of Object.entries(SIZES)) {
          for (const colorScheme of SCHEMES) {
            await who.page.setViewportSize(viewport);
            await who.page.emulateMedia({ colorScheme });
            const path = join(pictures, `${name}-${size}-${colorScheme}.png`);
            await who.page.screenshot({ path });
            assert.equal(await isTooWide(who.page), false, `scrolls sideways on a ${size}`);
          }
        }
        // On a desktop by night, and on a phone by day.
        assert.deepEqual(await findings(who.page), []);
        await who.page.setViewportSize(SIZES.phone);
        await who.page.emulateMedia({ colorScheme: 'light' });
        assert.deepEqual(await findings(who.page), []);
      } finally {
        await who.leave();
      }
    });
  }

  test('a page without a language, title and contrast is found out', async () => {
    const who = await person(chromium);
    const pale = '<!doctype html><p style="color:#ccc;background:#fff">pale words';
    await who.page.setContent(`${pale}<img src="x"><p style="width:3000px">wide`);
    const found = (await findings(who.page)).map((finding) => finding.split(':')[0]);
    const wanted = ['color-contrast', 'document-title', 'html-has-lang', 'image-alt'];
    assert.deepEqual(wanted.filter((rule) => !found.includes(rule)), []);
    assert.equal(await isTooWide(who.page), true);
    await who.leave();
  });
});
