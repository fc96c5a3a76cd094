// What people do in a browser, and what they find on the pages of a server.

import assert from 'node:assert/strict';

/** A fresh browser profile's page. `seen` collects the answers to what the page itself navigated to. */
export async function person(chromium, options = {}) {
  const context = await chromium.browser.newContext(options);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const seen = [];
  page.on('response', (answer) => {
    const request = answer.request();
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) seen.push(answer);
  });
  return { context, page, seen, leave: () => context.close() };
}

/** Lends `act` a fresh browser profile. */
export async function lend(chromium, act, options) {
  const visitor = await person(chromium, options);
  try {
    return await act(visitor);
  } finally {
    await visitor.leave();
  }
}

/** Clicks a link to `address` on a page of another site, as from a portal or a mail. */
export async function click({ page }, site, address) {
  await page.goto(site.show('/link', `<p><a id="link" href="${address.replaceAll('&', '&amp;')}">Open</a>`));
  await Promise.all([page.waitForNavigation(), page.click('#link')]);
}

/** The answer to a form that is sent to `address`. What it leads to may be another system's page, or none. */
export async function answerTo({ page }, address, send) {
  const answered = page.waitForResponse((one) => one.url() === address && one.request().method() === 'POST');
  await send();
  const answer = await answered;
  await answer.finished();
  return answer;
}

/** Lets a page of another site post a form by itself. */
export async function postFromElsewhere(visitor, site, address, fields) {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  const form = `<form method="post" action="${address}">${inputs.join('')}</form>`;
  await visitor.page.goto(site.show('/trap', '<p>wait'));
  return answerTo(visitor, address, () => visitor.page.evaluate((html) => {
    document.body.innerHTML = html;
    document.querySelector('form').submit();
  }, form));
}

/** The session cookie of a server in a browser, or undefined. */
export async function sessionCookie({ context }, server) {
  const cookies = await context.cookies();
  return cookies.find(({ name }) => name === server.cookie);
}

/** Signs a person in by a fresh link. */
export async function signIn(visitor, site, server, who) {
  await click(visitor, site, server.store.issue(who).redirect_url);
  assert.equal(visitor.page.url(), `${server.system}/clientarea.php`);
}

/** Opens a sign-in link as from a mail, and answers "Continue". */
export async function openLink(visitor, site, url) {
  await click(visitor, site, url);
  await press(visitor, confirmation(visitor).proceed);
}

/** The form that asks "You are A. Continue as B?": its fields and its two ways out. */
export function confirmation({ page }) {
  return {
    proceed: page.getByRole('button', { name: /^continue as/i }),
    stay: page.getByRole('link', { name: /^stay/i }).or(page.getByRole('button', { name: /^stay/i })),
    fields: () => page.$$eval('form input[type=hidden]', (inputs) => (
      Object.fromEntries(inputs.map((input) => [input.name, input.value]))
    )),
  };
}

/** Presses a button or link that leads to another page. */
export async function press({ page }, what) {
  await Promise.all([page.waitForNavigation(), what.click()]);
}

/** Waits until a page shows an address; a second click breaks off what the first one began. */
export async function arrive({ page }, wanted) {
  for (;;) {
    try {
      return await page.waitForURL(wanted, { waitUntil: 'load' });
    } catch (error) {
      if (!error.message.includes('ERR_ABORTED')) throw error;
    }
  }
}
