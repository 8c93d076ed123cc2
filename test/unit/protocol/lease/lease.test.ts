import { describe, expect, it } from 'vitest';
import { LeaseLostError } from '#src/protocol/contract/errors.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const TERMS = { ttlMs: 3_000, driftFactor: 0.01 };
const TRUST_MS = 3_000 * 0.99 - 2;

function setUp() {
  const clock = new ManualClock();
  const skew = { offsetMs: 0 };
  const skewed = clock.skewed(skew);
  const lease = new Lease({ task: 'settle', value: 'v' }, 1_000, skewed, TERMS, readClocks(skewed));
  return { clock, skew, skewed, lease };
}

describe('a lease', () => {
  it('counts trust from the start of the attempt, so that a slow reply shortens it', async () => {
    const clock = new ManualClock();
    const attempt = readClocks(clock);
    await clock.advance(800);
    const lease = new Lease({ task: 'settle', value: 'v' }, 1_000, clock, TERMS, attempt);
    expect(lease.remainingMs()).toBeCloseTo(TRUST_MS - 800);
  });

  it('ends before the lock can have expired in the store', async () => {
    const { clock, lease } = setUp();
    await clock.advance(TRUST_MS - 1);
    expect(lease.isTrusted()).toBe(true);
    await clock.advance(1);
    expect(lease.isTrusted()).toBe(false);
    expect(() => lease.assertHeld()).toThrow(LeaseLostError);
  });

  it('is prolonged by a renewal from the start of that renewal', async () => {
    const { clock, skewed, lease } = setUp();
    await clock.advance(1_000);
    const attempt = readClocks(skewed);
    await clock.advance(100);
    expect(lease.renewedFrom(attempt)).toBe(true);
    expect(lease.remainingMs()).toBeCloseTo(TRUST_MS - 100);
  });

  it('is not revived by a reply that comes after its trust has ended', async () => {
    const { clock, skewed, lease } = setUp();
    await clock.advance(2_900);
    const attempt = readClocks(skewed);
    await clock.advance(200);
    expect(lease.renewedFrom(attempt)).toBe(false);
    expect(lease.isTrusted()).toBe(false);
  });

  it('ends when the machine was suspended: the wall clock has moved and the monotonic one has not', () => {
    const { skew, lease } = setUp();
    skew.offsetMs = 10_000;
    expect(lease.isTrusted()).toBe(false);
  });

  it('is not prolonged by a wall clock that steps back', async () => {
    const { clock, skew, lease } = setUp();
    skew.offsetMs = -60_000;
    await clock.advance(TRUST_MS);
    expect(lease.isTrusted()).toBe(false);
  });

  it('aborts its signal with the reason once, when it is lost', () => {
    const { lease } = setUp();
    expect(lease.lose('somebody else holds the lock')).toBe(true);
    expect(lease.lose('again')).toBe(false);
    expect(lease.remainingMs()).toBe(0);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(String(lease.signal.reason)).toContain('somebody else holds the lock');
  });

  it('stays good when its run is only asked to stop', () => {
    const { lease } = setUp();
    lease.interrupt(new Error('shutdown'));
    expect(lease.signal.aborted).toBe(true);
    expect(lease.isTrusted()).toBe(true);
  });
});
