// Debian's Chromium, with a new profile each time, and nothing that could reach another machine: whatever is
// not on the loopback address goes to a proxy of ours, which writes down who was asked for and answers
// nothing.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium calls home by itself, whatever it is told. */
const ITS_OWN = /(^|\.)(google|googleapis|gstatic)\.com(:\d+)?$/;

/** `browser`, and `outside`: the hosts that pages wanted to reach beyond this machine. */
export async function launch() {
  const outside = [];
  const note = (host) => {
    if (!ITS_OWN.test(host)) outside.push(host);
  };
  const proxy = createServer((asked, answer) => {
    note(new URL(asked.url).host);
    answer.writeHead(204).end();
  });
  proxy.on('connect', (asked, socket) => {
    note(asked.url);
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: SWITCHES,
    proxy: { server: `http://127.0.0.1:${proxy.address().port}`, bypass: '127.0.0.1,localhost' },
  });
  const stop = async () => {
    await browser.close();
    proxy.closeAllConnections();
    proxy.close();
  };
  return { browser, outside, stop };
}
