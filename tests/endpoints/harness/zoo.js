// What looks into mailboxes before the person does. Each is told a link as a mail has it, does all that its
// kind does short of sending the page's form from the browser that was asked, and goes.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { ask, cookiesOf, hiddenFields, post } from './ask.js';
import { postFromElsewhere } from './visit.js';
import { askedInAdvance } from './witness.js';

const ROBOTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0',
  'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0; ms-office; MSOffice 16)',
  'Mozilla/5.0 (compatible; proofpoint)',
  'BarracudaCentral/1.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'WhatsApp/2.23.20.0',
  'TelegramBot (like TwitterBot)',
  'facebookexternalhit/1.1',
  'python-requests/2.31.0',
];

/** The ways in which filters and mail programs write the address of a link anew. */
export const REWRITTEN = {
  'in capitals': (url) => url.replace(/[^?]*$/, (link) => link.toUpperCase()),
  'with `=` at its end': (url) => `${url}=`,
  'with counters of clicks behind it': (url) => `${url}&utm_source=mail&utm_campaign=invoice%205`,
  'with a counter before it': (url) => url.replace('?', '?fbclid=IwAR0x&'),
  'with the full stop of its sentence': (url) => `${url}.`,
  'with the bracket after it': (url) => `${url}%3E`,
};

/** Follows redirects, and keeps cookies on the way. */
async function follow(url, headers) {
  const answers = [];
  let at = url;
  let jar = '';
  while (at !== undefined && answers.length < 10) {
    const answer = await ask(at, { headers: { ...headers, Cookie: jar } });
    answers.push(answer);
    jar = [jar, cookiesOf(answer)].filter(Boolean).join('; ');
    at = answer.headers.location && new URL(answer.headers.location, at).href;
  }
  return answers;
}

/** A page of another site, or of the same, that shows a link. */
function linking(html, { server, site }, visitor, where) {
  if (where === 'another site') return site.show('/portal', html);
  const portal = `${server.system}/portal`;
  const body = `<!doctype html><title>Portal</title>${html}`;
  return visitor.page.route(portal, (route) => route.fulfill({ contentType: 'text/html', body })).then(() => portal);
}

/** A browser loads the link ahead of any click. */
const loadsAhead = (html, where) => (url, stage) => stage.visit(async (visitor) => {
  await visitor.page.goto(await linking(html(url), stage, visitor, where));
  await askedInAdvance(stage.server.witness, url);
});

const speculates = (eagerness) => (url) => (
  `<script type="speculationrules">${JSON.stringify({ [eagerness]: [{ urls: [url], eagerness: 'immediate' }] })}</script>`
);

/** Each is called with the link's URL and the stage. */
export const ZOO = {
  'asks for the headers alone': async (url) => {
    for (const agent of ROBOTS) await ask(url, { method: 'HEAD', headers: { 'User-Agent': agent } });
  },
  'reads the page': (url) => ask(url, { headers: { 'User-Agent': ROBOTS[0] } }),
  'follows redirects with its cookies': (url) => follow(url, { 'User-Agent': ROBOTS[9] }),
  'asks for the address as it rewrote it': async (url) => {
    for (const rewrite of Object.values(REWRITTEN)) await follow(rewrite(url), {});
  },
  'comes twenty times at once, from as many addresses': (url) => Promise.all(
    Array.from({ length: 20 }, (_, at) => (
      ask(url, { from: `127.0.0.${2 + at}`, headers: { 'User-Agent': ROBOTS[at % ROBOTS.length] } })
    )),
  ),
  'tries every other method': async (url) => {
    for (const method of ['OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) await ask(url, { method });
  },
  'posts the link without having been asked': async (url) => {
    const [page, link] = url.split('?');
    await post(page, { link });
    await post(url, {});
    await post(page, { link, nonce: '' }, { headers: { Cookie: 'gp_confirm=' } });
  },
  "sends a copy of the page's form from another machine": async (url) => {
    const fields = hiddenFields((await ask(url)).body);
    await post(url.split('?')[0], { link: url.split('?')[1], ...fields }, { from: '127.0.0.9' });
  },
  'lets a browser post the link from another site': (url, stage) => stage.visit(async (visitor) => {
    const [page, link] = url.split('?');
    await postFromElsewhere(visitor, stage.site, page, { link, nonce: '0'.repeat(32) });
  }),
  'shows it in a picture, a frame and a script': (url, stage) => stage.visit(async ({ page }) => {
    const html = `<img src="${url}"><iframe src="${url}"></iframe><script src="${url}"></script>`;
    await page.goto(stage.site.show('/preview', html), { waitUntil: 'load' });
  }),
  'prefetches it with a link element': loadsAhead((url) => `<link rel="prefetch" href="${url}">`, 'the same site'),
  'prefetches it by a speculation rule': loadsAhead(speculates('prefetch'), 'another site'),
  'prerenders it by a speculation rule': loadsAhead(speculates('prerender'), 'the same site'),
  'runs a browser that reads, hovers, scrolls, follows every link and takes pictures': readsAll,
};

/** All that a browser can do on a page, except to send a form. */
async function readsAll(url, stage) {
  await stage.visit(async ({ page, context }) => {
    await page.goto(url, { waitUntil: 'networkidle' });
    const size = page.viewportSize();
    for (let y = 0; y < size.height; y += 120) {
      for (let x = 0; x < size.width; x += 160) await page.mouse.move(x, y);
    }
    for (const part of await page.$$('a, button, input, form')) {
      if (await part.isVisible()) await part.hover();
      await part.dispatchEvent('focus');
    }
    await page.mouse.wheel(0, 5_000);
    await page.evaluate(() => globalThis.scrollTo(0, document.body.scrollHeight));
    await page.screenshot({ fullPage: true });
    await pause(300);
    const links = await page.$$eval('a[href]', (all) => all.map((one) => one.href));
    for (const link of links) {
      const other = await context.newPage();
      // Where it leads, there may be no page at all.
      await other.goto(link).catch(() => {});
      await other.close();
    }
    await page.reload();
  });
}

/** Runs a browser that presses whatever can be pressed. */
export function pressesButtons(url, stage) {
  return stage.visit(async (robot) => {
    await robot.page.goto(url);
    const buttons = robot.page.getByRole('button');
    assert.equal(await buttons.count(), 1);
    await Promise.all([robot.page.waitForNavigation(), buttons.first().click()]);
    return robot.page.url();
  });
}

/** No browser, but it fills in forms, with the cookies that it was given. */
export async function submitsForms(url) {
  const question = await ask(url);
  const headers = { Cookie: cookiesOf(question) };
  const answer = await post(url.split('?')[0], hiddenFields(question.body), { headers });
  return answer.headers.location;
}
