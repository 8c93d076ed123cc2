import { describe, expect, it } from 'vitest';
import { bidOffsetsMs } from '#src/protocol/bid/bid-plan.js';
import type { Claim, ClaimVerdict, LockProvider } from '#src/protocol/contract/ports.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { type JoinOptions, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';

const SETTLED_MS = 5_500;

/** A ledger that answers as the test says, and notes what it is asked. */
function scripted(answer: (claim: Claim, attempt: number) => ClaimVerdict | undefined) {
  const claims: Claim[] = [];
  const givenBack: Claim[] = [];
  const joining: JoinOptions = {
    wrapLedger: (ledger) =>
      between(ledger, {
        before: { giveBack: (asked) => givenBack.push(...asked) },
        instead: {
          claim: async (ask, asked) => {
            const real = await ask();
            return asked.map((claim, index) => {
              claims.push(claim);
              return answer(claim, claims.length) ?? real[index] ?? { kind: 'split', votesOut: 0 };
            });
          },
        },
      }),
  };
  return { claims, givenBack, joining };
}

describe('the bid times', () => {
  const times = { bidLeadMs: 30, bidStaggerMs: 100 };
  const middle = (): number => 0.5;

  it('start before the tick for the first in rank, and a stagger later for each that follows', () => {
    expect([0, 1, 2, 3].map((rank) => bidOffsetsMs(rank, times, 400, middle)[0])).toEqual([
      -30, 100, 200, 318.75,
    ]);
  });

  it('spread the common rounds by rank', () => {
    const firsts = [3, 4, 5].map((rank) => bidOffsetsMs(rank, times, 400, middle)[0]);
    expect(new Set(firsts).size).toBe(3);
  });

  it('go on at doubling distances up to the lateness limit', () => {
    const rounds = bidOffsetsMs(0, times, 30_000, middle).filter((_, index) => index % 2 === 0);
    expect(rounds).toEqual([-30, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200]);
  });

  it('give each common round a second chance at random, so that instances that take themselves for the same rank part', () => {
    const second = (random: number): number | undefined => bidOffsetsMs(1, times, 400, () => random)[2];
    expect([second(0), second(0.5), second(1)]).toEqual([350, 370, 390]);
    expect(bidOffsetsMs(1, times, 380, () => 1)).toEqual([100, 306.25]);
  });
});

describe('the contest for a tick', () => {
  it('has ticks that run once claimed each on its own, so that no other waits for their steps or fails with them', async () => {
    const asked: string[][] = [];
    const joining: JoinOptions = {
      wrapLedger: (ledger) =>
        between(ledger, {
          before: {
            claim: async (claims) => {
              asked.push(claims.map(({ task }) => task));
              if (claims.some(({ task }) => task === 'warm up')) throw new Error('a broken step');
              if (claims.some(({ task }) => task === 'slow')) await new Promise<never>(() => undefined);
            },
          },
          instead: { runsOnce: (_ask, task) => task === 'warm up' || task === 'slow' },
        }),
    };
    const cluster = new MemoryCluster();
    const runs: string[] = [];
    const tasks = ['settle', 'slow', 'report', 'warm up'].map((name) =>
      taskOf(() => runs.push(name), { name }),
    );
    cluster.join(tasks, joining);
    await cluster.clock.advance(3_500);
    expect(asked).toContainEqual(['settle', 'report']);
    expect(asked).toContainEqual(['slow']);
    expect(asked).toContainEqual(['warm up']);
    expect(new Set(runs)).toEqual(new Set(['settle', 'report']));
  });

  it('uses another claim id for every attempt, and gives back what was not won', async () => {
    const { claims, givenBack, joining } = scripted((_, attempt) =>
      attempt === 1 ? { kind: 'split', votesOut: 1 } : undefined,
    );
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    cluster.join([taskOf((tick) => void ticks.push(tick.tick))], joining);
    await cluster.clock.advance(3_500);
    expect(claims).toHaveLength(2);
    expect(claims[0]?.tick).toBe(claims[1]?.tick);
    expect(claims[0]?.claimId).not.toBe(claims[1]?.claimId);
    expect(givenBack).toEqual([claims[0]]);
    expect(ticks).toEqual([claims[0]?.tick]);
  });

  it('gives nothing back when no node can have granted anything', async () => {
    const { givenBack, joining } = scripted((_, attempt) =>
      attempt === 1 ? { kind: 'split', votesOut: 0 } : undefined,
    );
    const cluster = new MemoryCluster();
    cluster.join([taskOf(() => undefined)], joining);
    await cluster.clock.advance(3_500);
    expect(givenBack).toEqual([]);
  });

  it('frees the lock of a bid that was not won, for others and for its own next bid', async () => {
    const { joining } = scripted(() => ({ kind: 'taken', votesOut: 0 }));
    const cluster = new MemoryCluster();
    cluster.join([taskOf(() => undefined)], joining);
    await cluster.clock.advance(4_500);
    for (const node of cluster.nodes) {
      expect(node.locks.acquire({ task: 'settle', value: 'probe', holder: 'you', ttlMs: 300 }).kind).toBe(
        'acquired',
      );
    }
  });

  it('asks for no claim where a standby instance sees that the tick is taken', async () => {
    const ledgers = [scripted(() => undefined), scripted(() => undefined), scripted(() => undefined)];
    const cluster = new MemoryCluster();
    for (const { joining } of ledgers) cluster.join([taskOf(() => undefined)], joining);
    await cluster.clock.advance(SETTLED_MS);
    const before = ledgers.map(({ claims }) => claims.length);
    await cluster.clock.advance(10_000);
    const asked = ledgers
      .map(({ claims }, index) => claims.length - (before[index] ?? 0))
      .sort((a, b) => a - b);
    expect(asked).toEqual([0, 0, 10]);
  });

  it('stops for good at the first sign of a newer node set', async () => {
    const { claims, joining } = scripted((_, attempt) =>
      attempt === 3 ? { kind: 'outdated', votesOut: 2 } : undefined,
    );
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    const { events, scheduler } = cluster.join([taskOf((tick) => void ticks.push(tick.tick))], joining);
    await cluster.clock.advance(20_000);
    expect(claims).toHaveLength(3);
    expect(ticks).toHaveLength(2);
    expect(scheduler.status().state).toBe('fenced');
    expect(events).toContainEqual({ type: 'fenced', reason: 'outdated' });
    expect(reportsOf(events).at(-1)?.outcome).toBe('stopped');
  });

  it('keeps bidding for a tick with a long period until its lateness limit', async () => {
    const cluster = new MemoryCluster();
    const runs: TickContext[] = [];
    const lateMs: number[] = [];
    let isAway = true;
    const wrapLocks = (locks: LockProvider): LockProvider =>
      between(locks, {
        instead: {
          tryAcquire: async (ask, tasks) =>
            isAway ? tasks.map(() => ({ kind: 'no_quorum', reason: 'away' })) : ask(),
        },
      });
    const hourly = taskOf(
      (tick) => {
        runs.push(tick);
        lateMs.push(cluster.clock.wallMs() - tick.tick);
      },
      { schedule: every(60_000) },
    );
    cluster.join([hourly], { wrapLocks });
    await cluster.clock.advance(61_000);
    isAway = false;
    await cluster.clock.advance(30_000);
    expect(runs).toHaveLength(1);
    expect(lateMs[0]).toBeLessThan(1_300);
  });

  it('anchors trust before the locks were asked for', async () => {
    const cluster = new MemoryCluster();
    const remaining: number[] = [];
    const wrapLocks = (locks: LockProvider): LockProvider =>
      between(locks, {
        after: { tryAcquire: () => cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 25) },
      });
    cluster.join([taskOf((tick) => void remaining.push(tick.remainingMs()))], { wrapLocks });
    await cluster.clock.advance(4_500);
    // 30 ms of lead, whatever the answer took. The very first tick was bid for at its second, after the quarantine.
    expect(remaining[1]).toBeCloseTo(3_000 * 0.99 - 2 - 30);
  });

  it('does not run on a lock that arrives with too little trust left, and frees it', async () => {
    const cluster = new MemoryCluster();
    const runs: number[] = [];
    const released: string[] = [];
    const wrapLocks = (locks: LockProvider): LockProvider =>
      between(locks, {
        before: { release: (held) => released.push(...held.map(({ value }) => value)) },
        after: { tryAcquire: () => cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 1_600) },
      });
    cluster.join([taskOf((tick) => void runs.push(tick.tick), { schedule: every(20_000) })], { wrapLocks });
    await cluster.clock.advance(30_000);
    expect(runs).toEqual([]);
    expect(released.length).toBeGreaterThan(0);
  });
});

describe('the last look before a start', () => {
  it('refuses a start that comes too late, and gives the tick back', async () => {
    const { givenBack, joining } = scripted(() => undefined);
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    const { events } = cluster.join([taskOf((tick) => void ticks.push(tick.tick))], joining);
    await cluster.clock.advance(5_980);
    const before = ticks.length;
    // Claimed for second 6, and then the process stands still over the boundary.
    cluster.clock.jump(600);
    await cluster.clock.advance(1);
    expect(ticks).toHaveLength(before);
    const report = reportsOf(events).find(({ tick }) => tick === Date.UTC(2030, 0, 1) + 6_000);
    expect(report).toMatchObject({ outcome: 'misfire', detail: expect.stringContaining('limit 400 ms') });
    expect(givenBack.map(({ tick }) => tick)).toEqual([report?.tick]);
  });

  it('refuses a start without trust although it is not late', async () => {
    const cluster = new MemoryCluster();
    const skew = { offsetMs: 0 };
    const ticks: number[] = [];
    const minutely = taskOf((tick) => void ticks.push(tick.tick), { schedule: every(60_000) });
    const { events } = cluster.join([minutely], { skew });
    await cluster.clock.advance(59_980);
    // The machine was suspended after the claim: its wall clock has moved and its timers have not.
    skew.offsetMs = 10_000;
    await cluster.clock.advance(100);
    expect(ticks).toEqual([]);
    expect(reportsOf(events).at(-1)).toMatchObject({
      outcome: 'no_quorum',
      detail: expect.stringContaining('lease'),
    });
  });

  it('counts the time in which the machine was suspended, although its cluster clock stood still', async () => {
    const cluster = new MemoryCluster();
    const skew = { offsetMs: 0 };
    const ticks: number[] = [];
    const { events } = cluster.join([taskOf((tick) => void ticks.push(tick.tick))], { skew });
    await cluster.clock.advance(5_980);
    const before = ticks.length;
    skew.offsetMs = 1_000;
    await cluster.clock.advance(100);
    expect(ticks).toHaveLength(before);
    expect(reportsOf(events).at(-1)).toMatchObject({
      outcome: 'misfire',
      detail: expect.stringContaining('limit 400 ms'),
    });
  });

  it('takes a run for aborted whose lease ended before its handler did', async () => {
    const cluster = new MemoryCluster();
    const skew = { offsetMs: 0 };
    const { events } = cluster.join(
      [
        taskOf(() => {
          skew.offsetMs = 10_000;
        }),
      ],
      { skew },
    );
    await cluster.clock.advance(3_100);
    expect(reportsOf(events).at(-1)?.outcome).toBe('aborted');
  });

  it('tells that a handler has started also when it throws at once', async () => {
    const cluster = new MemoryCluster();
    const { events, scheduler } = cluster.join([
      taskOf(() => {
        throw new Error('at once');
      }),
    ]);
    await cluster.clock.advance(3_500);
    expect(events.filter(({ type }) => type === 'started')).toHaveLength(1);
    expect(scheduler.status().tasks[0]?.running).toBe(0);
  });
});
