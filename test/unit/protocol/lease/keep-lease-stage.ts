import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { ExtendVerdict, LockProvider } from '#src/protocol/contract/ports.js';
import { LeaseKeeper } from '#src/protocol/lease/keep-lease.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { LeaseClaims } from '#src/protocol/lease/lease-claims.js';
import { guardLocks } from '#src/protocol/ledger/guarded-ports.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';

export const TTL_MS = 3_000;

/** A keeper over a lock provider that answers as the test says, and a run that ends when the test says so. */
export function setUp(
  extend: (attempt: number, clock: ManualClock) => Promise<ExtendVerdict>,
  claims?: LeaseClaims,
) {
  const clock = new ManualClock();
  const attempts: number[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const locks: LockProvider = {
    tryAcquire: async () => [],
    release: async () => undefined,
    extend: async () => {
      attempts.push(clock.monotonicMs());
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
      try {
        return [await extend(attempts.length, clock)];
      } finally {
        inFlight -= 1;
      }
    },
  };
  const events: ScheduleEvent[] = [];
  const observer = { observe: (event: ScheduleEvent) => void events.push(event) };
  const keeper = new LeaseKeeper({ clock, locks: guardLocks(locks, observer), leaseTtlMs: TTL_MS, observer });
  const terms = { ttlMs: TTL_MS, driftFactor: 0.01 };
  const lease = new Lease({ task: 'settle', value: 'v' }, 1_000, clock, terms, readClocks(clock), {
    claims,
  });
  let end = (): void => undefined;
  const run = new Promise<string>((resolve) => {
    end = () => resolve('done');
  });
  const kept = keeper.during(lease, () => run);
  return { clock, attempts, events, keeper, lease, kept, end: () => end(), most: () => mostInFlight };
}

export const extended = async (): Promise<ExtendVerdict> => ({ kind: 'extended' });
export const silent = async (): Promise<ExtendVerdict> => ({ kind: 'no_quorum', reason: 'test' });
export const never = (): Promise<ExtendVerdict> => new Promise(() => undefined);
