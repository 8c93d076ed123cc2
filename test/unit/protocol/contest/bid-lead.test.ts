import { expect, it } from 'vitest';
import { MAX_LEAD_MS } from '#src/protocol/bid/bid-lead.js';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, taskOf } from '../../../support/tasks.js';

const SETTLED_MS = 6_500;
const SECOND_MS = 1_000;
/** One tick a second, so long before the full one. */
const before = (byMs: number): Schedule => ({
  description: 'before',
  nextAfter: (ms) => Math.floor((ms + byMs) / SECOND_MS) * SECOND_MS + SECOND_MS - byMs,
});

/** How long before its second each bid went out, by how many locks it asked for. */
async function leadsOf(
  tasks: number,
  tookMs: number,
  byMs = 20,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const cluster = new MemoryCluster({ nodes: 1 });
  const leads = new Map<number, number[]>();
  const many = Array.from({ length: tasks }, (_, index) =>
    taskOf(() => undefined, { name: `many${index}`, schedule: every(SECOND_MS) }),
  );
  const one = taskOf(() => undefined, { name: 'one', schedule: before(byMs) });
  cluster.join([...many, one], {
    wrapLocks: (locks) =>
      between(locks, {
        before: {
          tryAcquire: async (asked) => {
            const { clock } = cluster;
            const early = SECOND_MS - (clock.wallMs() % SECOND_MS);
            leads.set(asked.length, [...(leads.get(asked.length) ?? []), early]);
            await clock.sleepUntil(clock.monotonicMs() + (asked.length > 1 ? tookMs : 0));
          },
        },
      }),
  });
  await cluster.clock.advance(SETTLED_MS);
  return leads;
}

it('many ticks of one moment are bid for earlier, also where a tick of another task is due right before them', async () => {
  const leads = await leadsOf(300, 50);
  // 50 ms and a quarter of it.
  expect(leads.get(300)?.at(-1)).toBeCloseTo(62.5, 0);
  expect(leads.get(1)?.at(-1)).toBeCloseTo(50, 0);
});

it('is as short as the option says for few, and never longer than nodes allow', async () => {
  expect((await leadsOf(2, 1, 60)).get(2)?.at(-1)).toBeCloseTo(30, 0);
  expect((await leadsOf(20, 100)).get(20)?.at(-1)).toBeCloseTo(MAX_LEAD_MS, 0);
});

it('of a slot begins before its first instant', async () => {
  expect((await leadsOf(2, 1, 20)).get(3)?.at(-1)).toBeCloseTo(30 + 20, 0);
});
