// A page whose GET signs in is found out by everything that looks at links in `links.test.js`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startCareless } from './harness/careless.js';
import { launch } from './harness/chromium.js';
import { mailToAnn } from './harness/mail.js';
import { startSite } from './harness/site.js';
import { lend } from './harness/visit.js';
import { behindWitness } from './harness/witness.js';
import { ZOO } from './harness/zoo.js';

describe('a page whose GET signs in', () => {
  const stage = {};
  before(async () => {
    stage.chromium = await launch();
    stage.visit = (act) => lend(stage.chromium, act);
    stage.site = await startSite();
    stage.server = await behindWitness('tool', { startBefore: startCareless });
  });
  after(async () => {
    await stage.server?.stop();
    await stage.site?.stop();
    await stage.chromium?.stop();
  });

  for (const [habit, look] of Object.entries(ZOO)) {
    test(`is found out by what ${habit}`, async () => {
      const { store } = stage.server;
      const { url } = mailToAnn(stage);
      await look(url, stage);
      const { state, used } = store.inspectLink(url);
      assert.deepEqual({ state, used }, { state: 'used', used: 1 });
    });
  }
});
