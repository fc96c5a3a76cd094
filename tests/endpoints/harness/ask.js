// Requests of programs that are no browser: any method, any header, any address of this machine's loopback.

import { request } from 'node:http';

/** `status`, `headers` and `body` of the answer to one request; nothing is followed. */
export function ask(url, { method = 'GET', headers = {}, body, from = '127.0.0.1' } = {}) {
  return new Promise((answered, failed) => {
    const asked = request(url, { method, headers, localAddress: from, agent: false }, async (answer) => {
      const parts = await answer.toArray();
      answered({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() });
    });
    asked.on('error', failed).end(body);
  });
}

/** The same, a form posted. */
export function post(url, fields, { headers = {}, ...options } = {}) {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', ...headers };
  return ask(url, { ...options, method: 'POST', headers: form, body: String(new URLSearchParams(fields)) });
}

/** The hidden fields of a page's forms, as a program without a browser finds them. */
export function hiddenFields(html) {
  const inputs = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries(Array.from(inputs, ([, name, value]) => [name, value]));
}

/** The cookies that an answer sets, as the next request sends them. */
export function cookiesOf({ headers }) {
  return (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ');
}
