import { describe, expect, it } from 'vitest';
import { SEED } from '../support/seed.js';
import { search, shrink } from './search.js';
import { tooRare } from './sometimes.js';
import type { Profile } from './world/profile.js';
import { runWorld } from './world/world.js';

const SHRINK_WITHIN_MS = 30_000;
const LAST_LINES = 60;
const TIMEOUT_MS = 900_000;

/**
 * So many worlds of each profile keep every promise. `SEED=… npx vitest run --project unit test/simulation` repeats a history; the wide search
 * is `npm run simulate`. In two files, since the worlds of one would keep a single core busy for minutes when all else has ended.
 */
export function keepEveryPromise(shares: readonly (readonly [profile: Profile, worlds: number])[]): void {
  describe(`simulated worlds (SEED=${SEED})`, () => {
    for (const [profile, worlds] of shares) {
      it(
        `keep every promise in ${worlds} worlds of the ${profile.name} profile`,
        async () => {
          const asked = { profile, worlds, seed: SEED };
          const { finding, ...totals } = await search(asked);
          if (finding !== undefined) {
            const plan = await shrink(asked, finding, SHRINK_WITHIN_MS);
            const { violations, trace } = await runWorld(plan, profile, true);
            const story = trace.slice(-LAST_LINES).join('\n');
            throw new Error(`SEED=${SEED}: ${JSON.stringify(violations)}\n${JSON.stringify(plan)}\n${story}`);
          }
          expect(tooRare(profile, totals)).toEqual([]);
        },
        TIMEOUT_MS,
      );
    }
  });
}
