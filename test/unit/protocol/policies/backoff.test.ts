import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, type RetryPolicy } from '#src/protocol/contract/task-policies.js';
import { retryDelayMs } from '#src/protocol/policies/backoff.js';

const POLICY: RetryPolicy = { attempts: 10, baseMs: 100, capMs: 5_000, jitter: 0.1, deadlineMs: 60_000 };

describe('the delay before a failed run is repeated', () => {
  it('doubles from the base up to the cap', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((runs) =>
      retryDelayMs(POLICY, { attempt: runs, runs, sinceTickMs: 0 }, () => 0),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('is lengthened at random by the jitter at most, and never shortened', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (runs, random) => {
          const plain = retryDelayMs(POLICY, { attempt: runs, runs, sinceTickMs: 0 }, () => 0) ?? 0;
          const delay = retryDelayMs(POLICY, { attempt: runs, runs, sinceTickMs: 0 }, () => random) ?? 0;
          expect(delay).toBeGreaterThanOrEqual(plain);
          expect(delay).toBeLessThanOrEqual(plain * 1.1);
        },
      ),
      process.env.CI === undefined ? {} : { seed: 5 },
    );
  });

  it('is none without a policy, after the last attempt, after the last instant of the tick, and beyond the deadline', () => {
    const failed = { attempt: 1, runs: 1, sinceTickMs: 0 };
    expect(retryDelayMs(undefined, failed, () => 0)).toBeUndefined();
    expect(retryDelayMs(POLICY, { ...failed, runs: 10 }, () => 0)).toBeUndefined();
    expect(retryDelayMs(POLICY, { ...failed, attempt: MAX_ATTEMPTS }, () => 0)).toBeUndefined();
    expect(retryDelayMs(POLICY, { ...failed, sinceTickMs: 59_901 }, () => 0)).toBeUndefined();
    expect(retryDelayMs(POLICY, { ...failed, sinceTickMs: 59_900 }, () => 0)).toBe(100);
  });

  it('begins anew on an instance that has retaken the tick', () => {
    expect(retryDelayMs(POLICY, { attempt: 7, runs: 1, sinceTickMs: 0 }, () => 0)).toBe(100);
  });
});
