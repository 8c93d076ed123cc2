/** What the counters of the conformance suites can see: a lock or a ledger that is broken loses increments. */

import { describe, expect, it } from 'vitest';
import { MemoryLockProvider } from '#src/memory/memory-lock-provider.js';
import { MemoryNode } from '#src/memory/memory-node.js';
import type { LockProvider, VotingNode } from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { between } from '../support/between.js';
import { connected, embeddedNodes } from '../support/electorate.js';
import { MakeshiftElectorate } from '../support/makeshift-electorate.js';
import { countPerTick, countUnderLock, type TickCount } from './counter-fuzz.js';

const NOW_MS = Date.UTC(2031, 0, 1);
const clock = { wallMs: () => NOW_MS };

function lockProviders(breakIt: (locks: LockProvider) => LockProvider): readonly LockProvider[] {
  const nodes = [1, 2, 3].map(() => MemoryNode.embedded(clock));
  return ['ann', 'bob', 'cis'].map((id, index) =>
    breakIt(new MemoryLockProvider(nodes, new SeededRandom(index), id)),
  );
}

const countLocked = (breakIt: (locks: LockProvider) => LockProvider) =>
  countUnderLock(lockProviders(breakIt), 10, 'count', 1_000);

describe('a counter under a lock', () => {
  it('keeps every increment while the lock is sound', async () => {
    expect(await countLocked((locks) => locks)).toEqual({ added: 30, counter: 30 });
  });

  it('loses increments to a lock that everybody gets', async () => {
    const { added, counter } = await countLocked((locks) =>
      between(locks, {
        instead: {
          tryAcquire: async (_ask, tasks) =>
            tasks.map((task) => ({ kind: 'acquired', lock: { task, value: 'any' } })),
        },
      }),
    );
    expect(added).toBe(30);
    expect(counter).toBeLessThan(30);
  });

  it('loses increments to a lock that is freed while somebody tries to get it', async () => {
    const values = new Map<string, string>();
    const { counter } = await countLocked((locks) =>
      between(locks, {
        after: {
          tryAcquire: async ([verdict], tasks) => {
            if (verdict?.kind === 'acquired') values.set(verdict.lock.task, verdict.lock.value);
            else await locks.release(tasks.map((task) => ({ task, value: values.get(task) ?? '' })));
          },
        },
      }),
    );
    expect(counter).toBeLessThan(30);
  });
});

const ledgerOver = (nodes: readonly VotingNode[]): QuorumTickLedger =>
  new QuorumTickLedger(nodes, new MakeshiftElectorate(nodes));

function countTicks(breakIt: (node: VotingNode, node0: MemoryNode) => VotingNode): Promise<TickCount> {
  const nodes = embeddedNodes(clock, 3);
  const ledgers = ['ann', 'bob', 'cis'].map(() =>
    ledgerOver(connected(nodes).map((node, index) => breakIt(node, nodes[index] as MemoryNode))),
  );
  let tick = NOW_MS - 1_000;
  return countPerTick(ledgers, {
    task: 'count',
    ticks: 50,
    random: new SeededRandom(3),
    nowMs: async () => {
      tick += 1;
      return tick;
    },
    disturb: async () => undefined,
  });
}

describe('a counter per tick', () => {
  it('runs each tick at most once while the ledger is sound', async () => {
    const { added, counter, runs, givenBack } = await countTicks((node) => node);
    expect(counter).toBe(added);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(runs.size).toBeGreaterThan(40);
    expect(givenBack).toBeGreaterThan(5);
  });

  it.each<[string, (node: VotingNode) => VotingNode]>([
    [
      'nodes that grant everything',
      (node) =>
        between(node, {
          instead: {
            claim: async (_ask, claims) => ({
              answered: true,
              value: { votes: claims.map(() => ({ kind: 'granted' })) },
              nodeTimeMs: NOW_MS,
            }),
          },
        }),
    ],
    [
      'nodes that give back what stands for another claim',
      (node) =>
        between(node, {
          instead: {
            giveBack: async (_ask, claims) => {
              for (const { task } of claims) {
                const newest = await node.peek([task]);
                const standing = newest.answered ? newest.value[0] : undefined;
                await node.giveBack(claims.map((one) => ({ ...one, ...standing })));
              }
              return { answered: true, value: undefined, nodeTimeMs: NOW_MS };
            },
          },
        }),
    ],
  ])('loses increments to %s', async (_, breakIt) => {
    const { added, counter, runs } = await countTicks(breakIt);
    expect(Math.max(...runs.values())).toBeGreaterThan(1);
    expect(counter).toBeLessThan(added);
  });
});
