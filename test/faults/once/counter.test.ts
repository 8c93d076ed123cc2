import { describe, expect, it } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { runCounter } from './counter-run.js';

/** `npm run once` does the same for ten minutes. */
const SHORT = { seed: 1, forMs: 20_000, repeats: false };
const ENOUGH_FAULTS = 4;
/** On a busy machine most ticks come during a run that was stopped or killed: its lock stands for 3 s. */
const ENOUGH_SUCCESSES = 5;

describe.skipIf(lacksPostgres('the counter test'))('replicas that are killed, stopped and cut off', () => {
  it('increment a counter once per tick that succeeded through runOnce, and every other tick is told', async () => {
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
    // The same faults, the same ticks, and an increment and its mark that are committed one after the other. That they differ takes minutes to be sure.
    expect(plain.counter, seen).toBeGreaterThanOrEqual(plain.marked);
  });
});
