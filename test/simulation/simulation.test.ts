import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../support/seed.js';
import { readRegressions } from './regression.js';
import { planFor } from './world/plan.js';
import { NORMAL, PROFILES, TORTURE } from './world/profile.js';
import { runWorld } from './world/world.js';

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
