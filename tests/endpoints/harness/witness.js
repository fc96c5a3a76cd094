// A server that people reach through a witness, which sees what their browsers ask for unasked.

import { setTimeout as pause } from 'node:timers/promises';

import { start } from './servers.js';
import { startWitness } from './site.js';

/** `startBefore` makes what stands before the server, if not a plain witness. */
export async function behindWitness(kind, { startBefore = startWitness, ...options } = {}) {
  let server;
  const witness = await startBefore(() => server.port);
  try {
    server = await start(kind, { ...options, seenAt: witness.origin });
  } catch (error) {
    await witness.stop();
    throw error;
  }
  const stop = async () => {
    await witness.stop();
    await server.stop();
  };
  return { ...server, witness, stop };
}

/** Waits until the witness saw the address asked for in advance. */
export async function askedInAdvance(witness, address) {
  for (let waited = 0; waited < 5_000; waited += 50) {
    const found = witness.seen.find(({ url, purpose }) => purpose !== undefined && address.endsWith(url));
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error('Chromium loaded nothing in advance');
}
