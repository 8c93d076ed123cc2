/** Ticks close to each other, with all policies, where instances stand still and tasks change. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { taskOf } from '../../../support/tasks.js';
import { SECOND_MS, SETTLED_MS } from './scheduler-stage.js';

const INSTANCES = 3;
const CALM_MS = 6_000;
/** Runs of such tasks are over before their next tick is bid for. */
const SHORT_MS = 300;

interface Terms {
  readonly offsetMs: number;
  readonly runsForMs: number;
  readonly policies: TaskPolicies;
}

const terms: fc.Arbitrary<Terms> = fc.record({
  offsetMs: fc.nat(120),
  runsForMs: fc.constantFrom(0, 0, SHORT_MS, 900, 950, 990, 1_100, 2_500),
  policies: fc
    .record({
      overlap: fc.constantFrom('skip' as const, 'buffer_one' as const, 'cancel_other' as const),
      misfire: fc.constantFrom('skip' as const, 'latest' as const, 'all' as const),
      recovery: fc.constantFrom('lose' as const, 'retake' as const),
    })
    .map((policies) => ({ ...DEFAULT_POLICIES, ...policies })),
});
const trouble = fc.record({
  afterMs: fc.integer({ min: 300, max: 1_400 }),
  instance: fc.nat(INSTANCES - 1),
  what: fc.oneof(
    fc.record({ standsStillMs: fc.constantFrom(30, 60, 150, 500, 1_500, 4_000) }),
    fc.record({ task: fc.nat(9), becomes: terms }),
  ),
});

function stage(given: readonly Terms[], bidStaggerMs: number, locksTakeMs: number) {
  const cluster = new MemoryCluster({ options: { bidStaggerMs } });
  const { clock } = cluster;
  const started: string[] = [];
  const standsUntilMs = Array.from({ length: INSTANCES }, () => 0);
  const sleep = (ms: number): Promise<void> => clock.sleepUntil(clock.monotonicMs() + ms);
  const make = ({ offsetMs, runsForMs, policies }: Terms, index: number): ScheduledTask =>
    taskOf(
      async ({ task, tick, attempt }) => {
        started.push(`${task} ${tick} ${attempt}`);
        if (runsForMs > 0) await sleep(runsForMs);
      },
      {
        name: `t${index}`,
        schedule: {
          description: `${offsetMs} ms past the second`,
          nextAfter: (ms) => (Math.floor((ms - offsetMs) / SECOND_MS) + 1) * SECOND_MS + offsetMs,
        },
        policies,
      },
    );
  const tasks = given.map(make);
  const members = standsUntilMs.map((_, instance) => {
    const whenItMoves = async (slept: Promise<void>): Promise<void> => {
      await slept;
      for (let until = standsUntilMs[instance] ?? 0; clock.monotonicMs() < until; )
        await clock.sleepUntil(until);
    };
    return cluster.join(tasks, {
      wrapClock: (own: Clock) =>
        between(own, {
          instead: {
            sleepUntil: (ask) => whenItMoves(ask()),
            wakeExactlyAt: (ask) => whenItMoves(ask()),
          },
        }),
      wrapLocks: (locks) =>
        between(locks, { before: { tryAcquire: () => (locksTakeMs > 0 ? sleep(locksTakeMs) : undefined) } }),
    });
  });
  return { cluster, started, standsUntilMs, make, members };
}

it('nothing starts twice, nothing breaks, and when it is over all that is not held up runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(terms, { minLength: 10, maxLength: 10 }),
      fc.array(trouble, { maxLength: 12 }),
      fc.constantFrom(100, 100, 60),
      fc.constantFrom(0, 0, 20, 60),
      async (given, troubles, bidStaggerMs, locksTakeMs) => {
        const { cluster, started, standsUntilMs, make, members } = stage(given, bidStaggerMs, locksTakeMs);
        const now = [...given];
        await cluster.clock.advance(SETTLED_MS);
        for (const { afterMs, instance, what } of troubles) {
          await cluster.clock.advance(afterMs);
          if ('standsStillMs' in what)
            standsUntilMs[instance] = cluster.clock.monotonicMs() + what.standsStillMs;
          else {
            now[what.task] = what.becomes;
            for (const { scheduler } of members) scheduler.replace(make(what.becomes, what.task));
          }
        }
        await cluster.clock.advance(CALM_MS);
        const fromMs = cluster.clock.wallMs();
        await cluster.clock.advance(CALM_MS);
        expect(started.filter((one, index) => started.indexOf(one) !== index)).toEqual([]);
        const broken = members.flatMap(({ events }) => events.filter(({ type }) => type === 'error'));
        expect(broken).toEqual([]);
        const untilMs = cluster.clock.wallMs() - SECOND_MS;
        const short = now.flatMap(({ runsForMs, offsetMs }, index) => {
          if (runsForMs > SHORT_MS) return [];
          const first = (Math.floor((fromMs - offsetMs) / SECOND_MS) + 1) * SECOND_MS + offsetMs;
          const ticks = Math.floor((untilMs - first) / SECOND_MS) + 1;
          return Array.from({ length: ticks }, (_, nth) => `t${index} ${first + nth * SECOND_MS} 1`);
        });
        expect(short.filter((one) => !started.includes(one))).toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
});
