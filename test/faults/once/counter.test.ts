import { describe, expect, it } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { runCounter } from './counter-run.js';

/** `npm run once` does the same for ten minutes. */
const SHORT = { seed: 1, forMs: 20_000, repeats: false };
const ENOUGH_FAULTS = 6;
const ENOUGH_SUCCESSES = 15;

describe.skipIf(lacksPostgres('the counter test'))('replicas that are killed, stopped and cut off', () => {
  it('increment a counter once per tick that succeeded through runOnce, and not so without it; who fails is told', async () => {
    const run = await runCounter(SHORT);
    const { counter, successes, wrong, strays, repeated, plain, ticks, faults, endings, troubles } = run;
    const seen = JSON.stringify({ faults: [...faults], endings: [...endings] });

    expect(troubles).toEqual([]);
    expect(wrong).toEqual([]);
    expect(strays, seen).toBe(0);
    expect(ticks.untold, seen).toEqual([]);
    expect(counter, seen).toBe(successes);
    expect(successes, seen).toBeGreaterThan(ENOUGH_SUCCESSES);
    expect(repeated, seen).toBeGreaterThan(0);
    expect(
      [...faults.values()].reduce((sum, count) => sum + count, 0),
      seen,
    ).toBeGreaterThan(ENOUGH_FAULTS);
    // The same faults, the same ticks, and an increment and its mark that are committed one after the other.
    expect(plain.counter, seen).toBeGreaterThan(plain.marked);
  });
});
