import { describe, expect, it } from 'vitest';
import type { LockProvider } from '#src/protocol/contract/ports.js';
import { LeaseKeeper } from '#src/protocol/lease/keep-lease.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { LeaseClaims } from '#src/protocol/lease/lease-claims.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { extended, never, setUp, silent, TTL_MS } from './keep-lease-stage.js';

describe('keeping a lease', () => {
  it('renews at a third of the time to live for as long as the run goes on', async () => {
    const { clock, attempts, lease, kept, end } = setUp(extended);
    await clock.advance(10_000);
    expect(attempts.slice(0, 3)).toEqual([1_000, 2_000, 3_000]);
    expect(lease.isTrusted()).toBe(true);
    end();
    await expect(kept).resolves.toBe('done');
  });

  it('publishes each new end of trust', async () => {
    const { clock, events, end } = setUp(extended);
    await clock.advance(2_000);
    const ends = events.flatMap((event) => (event.type === 'renewed' ? [event.trustedUntilMs] : []));
    expect(ends).toEqual([1_000 + TTL_MS * 0.99 - 2, 2_000 + TTL_MS * 0.99 - 2]);
    end();
  });

  it('tries again inside the trust that is left when the nodes do not answer', async () => {
    const { clock, attempts, lease, end } = setUp((attempt) => (attempt < 5 ? silent() : extended()));
    await clock.advance(1_500);
    expect(attempts.length).toBeGreaterThanOrEqual(5);
    expect(lease.isTrusted()).toBe(true);
    expect(lease.remainingMs()).toBeGreaterThan(2_000);
    end();
  });

  it('survives a lock provider that throws', async () => {
    const { clock, lease, kept, events, end } = setUp((attempt) => {
      if (attempt === 1) throw new Error('broken');
      return extended();
    });
    await clock.advance(2_500);
    expect(lease.isTrusted()).toBe(true);
    expect(events.some((event) => event.type === 'error')).toBe(true);
    end();
    await expect(kept).resolves.toBe('done');
  });

  it('never has two renewals of one lease in flight', async () => {
    const { clock, most, end } = setUp(async (_, at) => {
      await at.sleepUntil(at.monotonicMs() + 900);
      return { kind: 'extended' };
    });
    await clock.advance(8_000);
    expect(most()).toBe(1);
    end();
    await clock.advance(1_000);
  });

  it('aborts the run before the lock can expire when no answer ever comes', async () => {
    const { clock, lease, events, kept, end } = setUp(never);
    await clock.advance(TTL_MS - 1);
    expect(lease.signal.aborted).toBe(true);
    expect(events.filter((event) => event.type === 'lease_lost')).toHaveLength(1);
    end();
    await expect(kept).resolves.toBe('done');
  });

  it('asks again when a claim has left meanwhile, which the nodes may have taken for that of a successor', async () => {
    const claims = new LeaseClaims({ line: 'settle' });
    const claim = { task: 'settle', tick: 2_000, claimId: 'next', maxLatenessMs: 500 };
    const { clock, lease, attempts, events, end } = setUp(async (attempt) => {
      if (attempt > 1) return { kind: 'extended' };
      claims.opened(claim);
      claims.won(claim);
      return { kind: 'lost' };
    }, claims);
    await clock.advance(1_100);
    expect(attempts).toHaveLength(2);
    expect(lease.isTrusted()).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(['renewed']);
    end();
  });

  it('is lost all the same when the nodes say so of all its claims', async () => {
    const claims = new LeaseClaims({ line: 'settle' });
    const { clock, lease, attempts, end } = setUp(async (attempt) => {
      if (attempt === 1) claims.opened({ task: 'settle', tick: 2_000, claimId: 'next', maxLatenessMs: 500 });
      return { kind: 'lost' };
    }, claims);
    await clock.advance(1_100);
    expect(attempts).toHaveLength(2);
    expect(lease.signal.aborted).toBe(true);
    end();
  });

  it('aborts the run at once when a majority says that the lock is somebody else’s', async () => {
    const { clock, lease, attempts, end } = setUp(async () => ({ kind: 'lost' }));
    await clock.advance(1_001);
    expect(lease.signal.aborted).toBe(true);
    await clock.advance(5_000);
    expect(attempts).toHaveLength(1);
    end();
  });

  it('ignores a success whose reply comes after trust has ended', async () => {
    const { clock, lease, end } = setUp(async (_, at) => {
      await at.sleepUntil(5_000);
      return { kind: 'extended' };
    });
    await clock.advance(6_000);
    expect(lease.isTrusted()).toBe(false);
    expect(lease.signal.aborted).toBe(true);
    end();
  });

  it('renews at once when asked to, and not twice for one call', async () => {
    const { clock, attempts, keeper, end } = setUp(extended);
    await clock.advance(300);
    keeper.renewAll();
    await clock.advance(100);
    expect(attempts).toEqual([300]);
    await clock.advance(900);
    expect(attempts).toEqual([300, 1_300]);
    end();
  });

  it('passes on what the run throws, and stops renewing', async () => {
    const clock = new ManualClock();
    let renewals = 0;
    const locks: LockProvider = {
      tryAcquire: async () => [],
      release: async () => undefined,
      extend: async () => {
        renewals += 1;
        return [{ kind: 'extended' }];
      },
    };
    const keeper = new LeaseKeeper({
      clock,
      locks,
      leaseTtlMs: TTL_MS,
      observer: { observe: () => undefined },
    });
    const terms = { ttlMs: TTL_MS, driftFactor: 0.01 };
    const lease = new Lease({ task: 'settle', value: 'v' }, 1_000, clock, terms, readClocks(clock));
    await expect(keeper.during(lease, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    await clock.advance(10_000);
    expect(renewals).toBe(0);
    expect(keeper.leases()).toHaveLength(0);
  });

  it('does not report a run as finished while a renewal that could overtake its release is in flight', async () => {
    let answer = (): void => undefined;
    const { clock, kept, end } = setUp(
      () =>
        new Promise((resolve) => {
          answer = () => resolve({ kind: 'extended' });
        }),
    );
    await clock.advance(1_000);
    let isOver = false;
    void kept.then(() => {
      isOver = true;
    });
    end();
    await clock.advance(10);
    expect(isOver).toBe(false);
    answer();
    await clock.advance(10);
    expect(isOver).toBe(true);
  });
});
