// Other people's sites: a portal with links, an attacker's page, and a witness that stands before a server.

import { once } from 'node:events';
import { createServer, request } from 'node:http';

export async function listening(server, port = 0) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

export async function stop(server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/**
 * A site of pages that a test sets: `site.show('/path', html)` gives the page's address at `localhost`, which
 * to a browser is another site than 127.0.0.1.
 */
export async function startSite() {
  const pages = new Map();
  const server = createServer((asked, answer) => {
    const html = pages.get(new URL(asked.url, 'http://localhost').pathname);
    answer.writeHead(html === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' });
    answer.end(html === undefined ? '' : `<!doctype html><html lang="en"><title>Elsewhere</title>${html}`);
  });
  const port = await listening(server);
  return {
    origin: `http://localhost:${port}`,
    show(path, html) {
      pages.set(path, html);
      return `http://localhost:${port}${path}`;
    },
    stop: () => stop(server),
  };
}

/** Passes everything on to the loopback port `behind()`, and keeps what was asked and answered. */
export async function startWitness(behind) {
  const seen = [];
  const server = createServer((asked, answer) => {
    const options = { port: behind(), host: '127.0.0.1', method: asked.method, path: asked.url };
    // From the address that asked: all of them are this machine's.
    const from = { localAddress: asked.socket.remoteAddress, headers: asked.headers, agent: false };
    const onward = request({ ...options, ...from }, (answered) => {
      seen.push({
        method: asked.method,
        url: asked.url,
        purpose: asked.headers['sec-purpose'],
        referer: asked.headers.referer,
        status: answered.statusCode,
      });
      answer.writeHead(answered.statusCode, answered.rawHeaders);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  const port = await listening(server);
  return { origin: `http://127.0.0.1:${port}`, seen, stop: () => stop(server) };
}
