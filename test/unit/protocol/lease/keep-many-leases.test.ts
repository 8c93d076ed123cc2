import { describe, expect, it } from 'vitest';
import type { LockProvider } from '#src/protocol/contract/ports.js';
import { LeaseKeeper } from '#src/protocol/lease/keep-lease.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { TTL_MS } from './keep-lease-stage.js';

function setUp() {
  const clock = new ManualClock();
  const messages: { readonly atMs: number; readonly tasks: readonly string[] }[] = [];
  const lost = new Set<string>();
  const locks: LockProvider = {
    tryAcquire: async () => [],
    release: async () => undefined,
    extend: async (asked) => {
      messages.push({ atMs: clock.monotonicMs(), tasks: asked.map(({ task }) => task) });
      return asked.map(({ task }) => ({ kind: lost.has(task) ? 'lost' : 'extended' }));
    },
  };
  const keeper = new LeaseKeeper({
    ...{ clock, locks, leaseTtlMs: TTL_MS },
    observer: { observe: () => undefined },
  });
  const start = (task: string) => {
    const terms = { ttlMs: TTL_MS, driftFactor: 0.01 };
    const lease = new Lease({ task, value: task }, 1_000, clock, terms, readClocks(clock));
    let end = (): void => undefined;
    const run = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { lease, end: () => end(), kept: keeper.during(lease, () => run) };
  };
  return { clock, messages, lost, keeper, start };
}

describe('keeping many leases', () => {
  it('renews those that are due together with one message', async () => {
    const { clock, messages, start } = setUp();
    start('a');
    await clock.advance(5);
    start('b');
    await clock.advance(500);
    start('c');
    await clock.advance(1_200);
    expect(messages).toEqual([
      { atMs: 1_000, tasks: ['a', 'b'] },
      { atMs: 1_505, tasks: ['c'] },
    ]);
  });

  it('gives each lease its own verdict', async () => {
    const { clock, lost, start } = setUp();
    const [good, bad] = [start('good'), start('bad')];
    lost.add('bad');
    await clock.advance(1_001);
    expect(bad.lease.signal.aborted).toBe(true);
    await clock.advance(TTL_MS);
    expect(good.lease.isTrusted()).toBe(true);
  });

  it('renews nothing of a run that has ended, and goes on with the others', async () => {
    const { clock, messages, start } = setUp();
    const [short] = [start('short'), start('long')];
    short.end();
    await short.kept;
    await clock.advance(1_001);
    expect(messages.map(({ tasks }) => tasks)).toEqual([['long']]);
  });

  it('leaves no timer when the last run has ended, and keeps the next one', async () => {
    const { clock, messages, start } = setUp();
    const [one, other] = [start('one'), start('other')];
    one.end();
    other.end();
    await Promise.all([one.kept, other.kept]);
    expect(await clock.advanceToNext()).toBe(false);
    start('next');
    await clock.advance(1_001);
    expect(messages.map(({ tasks }) => tasks)).toEqual([['next']]);
  });
});
