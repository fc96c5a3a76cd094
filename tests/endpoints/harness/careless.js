// What a page would be whose GET signs in: stands before a server, and answers whatever names a sign-in link by
// opening that link, as the button of the question would.

import { createServer } from 'node:http';

import { ask, cookiesOf, hiddenFields, post } from './ask.js';
import { listening, stop } from './site.js';

const LINK = /\b[a-z2-7]{32}\b/i;

/** Takes the place of `startWitness`. */
export async function startCareless(behind) {
  const seen = [];
  const server = createServer(async (asked, answer) => {
    const told = asked.url + Buffer.concat(await asked.toArray());
    const [link] = told.match(LINK) ?? [];
    if (link === undefined) {
      answer.writeHead(404).end('nothing here');
      return;
    }
    const page = new URL(asked.url, `http://127.0.0.1:${behind()}`).href.split('?')[0];
    const question = await ask(`${page}?${link}`);
    const headers = { Cookie: cookiesOf(question) };
    const opened = await post(page, hiddenFields(question.body), { headers });
    seen.push({ method: asked.method, url: asked.url, purpose: asked.headers['sec-purpose'] });
    answer.writeHead(opened.status, opened.headers);
    answer.end(asked.method === 'HEAD' ? undefined : opened.body);
  });
  const port = await listening(server);
  return { origin: `http://127.0.0.1:${port}`, seen, stop: () => stop(server) };
}
