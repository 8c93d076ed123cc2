import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../support/seed.js';
import { readRegressions } from './regression.js';
import { search, shrink } from './search.js';
import { tooRare } from './sometimes.js';
import { planFor } from './world/plan.js';
import {
  CLOCKS,
  DEPARTURES,
  HUNG,
  IDENTITY,
  LEASES,
  LIVENESS,
  NORMAL,
  PROFILES,
  PRUNING,
  SELDOM,
  SETS,
  TORTURE,
} from './world/profile.js';
import { runWorld } from './world/world.js';

/**
 * `SEED=… npx vitest run --project unit test/simulation` repeats a history; the wide search is `npm run simulate`.
 */
const SHARES = [
  { profile: NORMAL, worlds: 100 },
  { profile: TORTURE, worlds: 80 },
  { profile: LIVENESS, worlds: 100 },
  { profile: IDENTITY, worlds: 60 },
  { profile: LEASES, worlds: 60 },
  { profile: SETS, worlds: 60 },
  { profile: CLOCKS, worlds: 60 },
  { profile: HUNG, worlds: 50 },
  { profile: PRUNING, worlds: 50 },
  { profile: DEPARTURES, worlds: 30 },
  { profile: SELDOM, worlds: 30 },
];
const SHRINK_WITHIN_MS = 30_000;
const LAST_LINES = 60;
const TIMEOUT_MS = 900_000;
const PLAN_TIMEOUT_MS = 240_000;

describe('plans that once broke a promise, or break one without a certain rule', () => {
  for (const { file, profile: name, plan, note } of readRegressions()) {
    it(
      `keep every promise now: ${file}, ${note}`,
      async () => {
        const profile = PROFILES.find((one) => one.name === name);
        if (profile === undefined) throw new Error(`no profile ${name}`);
        expect((await runWorld(plan, profile)).violations).toEqual([]);
      },
      PLAN_TIMEOUT_MS,
    );
  }
});

describe(`simulated worlds (SEED=${SEED})`, () => {
  for (const { profile, worlds } of SHARES) {
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

  it('repeat the same history for the same plan', async () => {
    const [plan] = fc.sample(planFor(NORMAL), { seed: SEED, numRuns: 1 });
    if (plan === undefined) throw new Error('no plan');
    const [one, other] = [await runWorld(plan, NORMAL, true), await runWorld(plan, NORMAL, true)];
    expect(one.trace).toEqual(other.trace);
    expect(one.trace.length).toBeGreaterThan(10);
  });

  it('have the same history whether or not it is told', async () => {
    const [plan] = fc.sample(planFor(TORTURE), { seed: SEED, numRuns: 1 });
    if (plan === undefined) throw new Error('no plan');
    const [told, silent] = [await runWorld(plan, TORTURE, true), await runWorld(plan, TORTURE)];
    expect(silent.counters).toEqual(told.counters);
    expect(silent.trace).toEqual([]);
  });
});
