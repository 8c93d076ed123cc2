import { describe, expect, it } from 'vitest';
import { Lease } from '#src/protocol/lease/lease.js';
import { contextOf } from '#src/protocol/run/attempt-context.js';
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

describe('the context of an attempt', () => {
  const setUpContext = () => {
    let keys = 0;
    const lease = leaseOf();
    const signal = new AttemptSignal(lease);
    const idempotencyKey = (task: string, tick: number): string => {
      keys += 1;
      return `${task}@${tick}`;
    };
    const due = {
      task: {
        name: 'settle',
        schedule: { description: 'never', nextAfter: () => undefined },
        handler: () => undefined,
      },
      ...{ tick: 1_000, maxLatenessMs: 500 },
    };
    const parts = { idempotencyKey, instanceId: 'me' };
    const context = contextOf(parts, lease, { due, attempt: 2, claimId: 'me:1' }, signal);
    return { context, signal, keys: () => keys };
  };

  it('has all of its fields in a copy, in its parts, and as text', () => {
    const { context, signal } = setUpContext();
    const { idempotencyKey, signal: own } = context;
    expect({ ...context }).toMatchObject({
      ...{ task: 'settle', tick: 1_000, fencingToken: 1_001, claimId: 'me:1', attempt: 2, instanceId: 'me' },
      ...{ idempotencyKey: 'settle@1000', signal: signal.signal },
    });
    expect(own).toBe(signal.signal);
    expect(idempotencyKey).toBe('settle@1000');
    expect(JSON.parse(JSON.stringify(context))).toMatchObject({
      task: 'settle',
      idempotencyKey: 'settle@1000',
    });
    expect(new Proxy(context, {}).signal).toBe(signal.signal);
    expect(Object.isFrozen(context)).toBe(true);
  });

  it('makes the key when it is first asked for, and once', () => {
    const { context, keys } = setUpContext();
    expect(keys()).toBe(0);
    expect([context.idempotencyKey, context.idempotencyKey]).toEqual(['settle@1000', 'settle@1000']);
    expect(keys()).toBe(1);
  });
});
