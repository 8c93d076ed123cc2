import { expect, it } from 'vitest';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';

const SECOND_MS = 1_000;

it('a schedule that throws between two runs leaves neither a lock behind, nor a tick that waits without a word', async () => {
  const cluster = new MemoryCluster();
  const schedule = every(SECOND_MS);
  const runs: number[] = [];
  let isBroken = false;
  const task = taskOf(
    async ({ tick }) => {
      runs.push(tick);
      if (runs.length > 1) return;
      // The next tick comes due, and waits.
      await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 1.5 * SECOND_MS);
      isBroken = true;
    },
    {
      schedule: {
        description: 'breaks',
        nextAfter: (afterMs: number) => {
          if (isBroken) throw new Error('no calendar');
          return schedule.nextAfter(afterMs);
        },
      },
      policies: { ...DEFAULT_POLICIES, overlap: 'buffer_one' },
    },
  );
  const { events } = cluster.join([task]);
  await cluster.clock.advance(7 * SECOND_MS);
  const [first = 0] = runs;
  expect(isBroken).toBe(true);
  const waiting = reportsOf(events).filter(({ tick }) => tick === first + SECOND_MS);
  expect(waiting).toMatchObject([{ outcome: 'overlap' }]);
  const brokenRuns = runs.length;
  isBroken = false;
  // Long before a lock that nobody renews would have expired.
  await cluster.clock.advance(2.5 * SECOND_MS);
  expect(runs.length).toBeGreaterThan(brokenRuns);
});
