import { describe, expect, it } from 'vitest';
import { Lease } from '#src/protocol/lease/lease.js';
import { AttemptSignal } from '#src/protocol/run/attempt-signal.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';

function leaseOf(): Lease {
  const clock = new ManualClock();
  const terms = { ttlMs: 3_000, driftFactor: 0.01 };
  return new Lease({ task: 'settle', value: 'v' }, 1_000, clock, terms, readClocks(clock));
}

describe('the signal of an attempt', () => {
  it('is aborted with the first reason, whether it is asked for before or after', () => {
    const lease = leaseOf();
    const early = new AttemptSignal(lease);
    const late = new AttemptSignal(lease);
    const { signal } = early;
    const reason = new Error('too long');
    for (const one of [early, late]) expect(one.abort('timed_out', reason)).toBe(true);
    lease.lose('later');
    for (const one of [signal, late.signal]) expect(one).toMatchObject({ aborted: true, reason });
    expect([early.outcome, late.outcome]).toEqual(['timed_out', 'timed_out']);
  });

  it('is the same one however often it is asked for, and hears of the end of the lease', () => {
    const lease = leaseOf();
    const attempt = new AttemptSignal(lease);
    const { signal } = attempt;
    expect(attempt.signal).toBe(signal);
    lease.lose('gone');
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ name: 'LeaseLostError' });
    expect(attempt.outcome).toBe('aborted');
  });

  it('is not made for a handler that never asks', () => {
    let made = 0;
    const lease = leaseOf();
    const attempt = new AttemptSignal(lease, () => {
      made += 1;
      return new AbortController();
    });
    attempt.abort('cancelled', new Error('later tick'));
    expect(made).toBe(0);
    expect(attempt.signal.aborted).toBe(true);
    expect(made).toBe(1);
  });
});
