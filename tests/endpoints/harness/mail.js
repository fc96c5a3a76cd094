// A mail with a sign-in link to Ann's invoice, and what she does with it.

import assert from 'node:assert/strict';

import { ANN } from './store.js';
import { openLink, sessionCookie } from './visit.js';

/** Where the link leads, below the system URL. */
export const INVOICE = 'viewinvoice.php?id=5';

/** What the tool shows of a new link to the invoice: `url`, and its public name `link`. */
export function mailToAnn({ server }, ...options) {
  return server.store.link(ANN, '--path', INVOICE, '--title', 'invoice 5', ...options);
}

/** Ann opens her mail, answers the question, and is signed in where the link leads. */
export function annSignsIn({ server, site, visit }, url) {
  return visit(async (ann) => {
    await openLink(ann, site, url);
    assert.equal(ann.page.url(), `${server.system}/${INVOICE}`);
    const { value } = await sessionCookie(ann, server);
    assert.equal(server.store.run('session', 'check', value).user_id, ANN.user);
  });
}
