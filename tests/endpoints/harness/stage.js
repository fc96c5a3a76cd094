// What most tests stand on: Chromium, another site, and each server in turn.

import { after, before, describe } from 'node:test';

import { launch } from './chromium.js';
import { kinds, start } from './servers.js';
import { startSite } from './site.js';
import { lend } from './visit.js';

/**
 * Runs `tests(stage)` for each kind of server. In a test, `stage.server` runs, `stage.site` is a site of
 * somebody else, and `stage.visit(async (visitor) => …)` lends a fresh browser profile.
 */
export function onEachServer(tests, { prepare = start } = {}) {
  for (const kind of kinds) {
    describe(kind, () => {
      const stage = {
        visit: (act, options) => lend(stage.chromium, act, options),
      };
      before(async () => {
        stage.chromium = await launch();
        stage.site = await startSite();
        stage.server = await prepare(kind, { home: `${stage.site.origin}/home` });
      });
      after(async () => {
        await stage.server?.stop();
        await stage.site?.stop();
        await stage.chromium?.stop();
      });
      tests(stage);
    });
  }
}
