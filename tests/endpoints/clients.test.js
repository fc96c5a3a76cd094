// Clients that were written for the original, driven as the registries have them against each server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { kinds, start } from './harness/servers.js';
import { ANN, CLOSED, OPTED_OUT } from './harness/store.js';

const file = (name) => fileURLToPath(new URL(`clients/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(file('expected.json'), 'utf8'));

/** What a client lets its user see of an API answer's status. */
const everything = (status) => status;
const forbidden = (status) => (status === 403 ? status : null);
const nothing = () => null;

const CLIENTS = {
  'whmcspy (PyPI)': { program: process.env.ENDPOINT_PYTHON, script: 'whmcspy_client.py', shown: forbidden },
  'whmcs-js (npm)': { program: process.execPath, script: 'whmcs_js.js', shown: nothing },
  'whmcs-api (npm, GET)': {
    program: process.execPath, script: 'whmcs_api.js', shown: nothing, secretInQuery: true,
  },
  'cURL (PHP)': { program: 'php', script: 'curl.php', shown: everything },
};

/** The lines of a client's program. */
async function drive({ program, script, secretInQuery = false }, server) {
  const { store, system } = server;
  const { portal, elsewhere } = secretInQuery ? store.inQuery : store;
  const argument = {
    api: `${system}/includes/api.php`,
    good: portal,
    wrong: { ...portal, secret: elsewhere.secret },
    elsewhere,
    email: ANN.email,
    client: ANN.client,
    closed: CLOSED.client,
    opted_out: OPTED_OUT.client,
  };
  const words = [file(script), JSON.stringify(argument)];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(code, 0, `${script} ended with ${code}: ${stderr.trim().split('\n').at(-1)}`);
  return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

for (const kind of kinds) {
  describe(`against ${kind}`, () => {
    let server;
    before(async () => {
      server = await start(kind);
    });
    after(() => server?.stop());

    for (const [name, client] of Object.entries(CLIENTS)) {
      test(`${name} signs people in and hears the documented refusals`, async () => {
        const wanted = expected.map(({ http, location, ...line }) => {
          if (http !== undefined) line.http = location === undefined ? client.shown(http) : http;
          if (location !== undefined) line.location = location?.replace('{system}', server.system) ?? null;
          return line;
        });
        assert.deepEqual(await drive(client, server), wanted);
      });
    }

    test('a secret in the query is good only for a credential that allows it', async () => {
      const answer = async (credential) => {
        const query = new URLSearchParams({ ...credential, action: 'GetClients', responsetype: 'json' });
        return (await fetch(`${server.system}/includes/api.php?${query}`)).json();
      };
      assert.equal((await answer(server.store.inQuery.portal)).result, 'success');
      assert.equal((await answer(server.store.portal)).result, 'error');
    });
  });
}
