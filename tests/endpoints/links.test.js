// Links mailed to people, and all that looks into a mailbox before they do: nothing is used up by looking, and
// the person then signs in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onEachServer } from './harness/stage.js';
import { annSignsIn, mailToAnn } from './harness/mail.js';
import { behindWitness } from './harness/witness.js';
import { ZOO } from './harness/zoo.js';

onEachServer((stage) => {
  for (const [habit, look] of Object.entries(ZOO)) {
    test(`what ${habit} uses nothing up, and the person then signs in`, async () => {
      const { store } = stage.server;
      const { url } = mailToAnn(stage);
      const sessions = store.sessions().length;
      await look(url, stage);
      const { state, used } = store.inspectLink(url);
      assert.deepEqual({ state, used }, { state: 'live', used: 0 });
      assert.equal(store.sessions().length, sessions, 'a robot is signed in');
      await annSignsIn(stage, url);
      assert.equal(store.inspectLink(url).state, 'used');
    });
  }
}, { prepare: behindWitness });
