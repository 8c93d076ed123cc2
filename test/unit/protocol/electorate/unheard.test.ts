import { expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { throughCouriers } from '#src/protocol/ledger/claim-courier.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { every, taskOf } from '../../../support/tasks.js';

const SET = { generation: 1, positions: ['n1', 'n2', 'n3'], leaseTtlMs: 3_000 };

/** One instance of three nodes that are in use, before its first beat. */
function instance() {
  const clock = new ManualClock();
  // The wall clock of a machine that was suspended goes on, and its monotonic clock may not.
  const slept = { offsetMs: 0 };
  const machine = clock.skewed(slept);
  const memories = MemoryNode.inUse([clock, clock, clock], SET);
  const nodes = memories.map((node, index) =>
    node.connect({ label: `node ${index + 1}`, position: `n${index + 1}` }),
  );
  const told: string[] = [];
  const observer = {
    observe: (event: ScheduleEvent) => {
      if (event.type === 'node_set') told.push(event.condition);
    },
  };
  const electorate = new Electorate({
    nodes,
    set: SET,
    app: 'app',
    clock: machine,
    observer,
    identityWaitMs: 30_000,
  });
  const membership = new QuorumMembership(nodes, electorate);
  return { clock, slept, told, electorate, nodes, memories, beat: () => membership.beat('one', []) };
}

it('does not bid before a beat that showed that its set stands is answered, nor after three seconds without one', async () => {
  const { clock, electorate, beat } = instance();
  expect(electorate.mayBid()).toMatchObject({ why: 'no node has answered yet' });
  await beat();
  expect(electorate.mayBid()).toMatchObject({ why: 'the others have yet to see that the set stands' });
  await beat();
  expect(electorate.mayBid()).toBeUndefined();
  clock.jump(3_000);
  expect(electorate.mayBid()).toBeUndefined();
  clock.jump(1);
  expect(electorate.mayBid()).toMatchObject({ isOutdated: false });
  await beat();
  await beat();
  expect(electorate.mayBid()).toBeUndefined();
});

it('tells nothing of the beat that it needs after a silence, and is undisputed all the time', async () => {
  const { clock, electorate, told, beat } = instance();
  await beat();
  await beat();
  expect(told).toEqual(['bids']);
  clock.jump(60_000);
  await beat();
  expect(electorate.status().condition).toBe('waits');
  expect(electorate.status().undisputedForMs).toBeGreaterThanOrEqual(60_000);
  await beat();
  expect(electorate.status().condition).toBe('bids');
  expect(told).toEqual(['bids']);
});

it.each([1, 3])(
  'runs late what may still be late when it wakes from more than three seconds, %i instances',
  async (count) => {
    const cluster = new MemoryCluster();
    const zeroMs = cluster.clock.wallMs();
    const ran: number[] = [];
    const task = taskOf(({ tick }) => ran.push(tick - zeroMs), { schedule: every(5_000) });
    for (let one = 0; one < count; one += 1) cluster.join([task]);
    await cluster.clock.advance(20_350);
    // The tick of 25,000 may start until 27,000.
    cluster.clock.jump(6_000);
    await cluster.clock.advance(10_000);
    expect(ran.filter((tick) => tick > 15_000).sort()).toEqual([20_000, 25_000, 30_000, 35_000]);
  },
);

it('notices by the wall clock that the machine was suspended', async () => {
  const { slept, electorate, beat } = instance();
  await beat();
  await beat();
  slept.offsetMs = 60_000;
  expect(electorate.mayBid()?.why).toContain('not been heard');
});

it('names ids in its beats only after the nodes have answered one, and none of a node that is silent', async () => {
  const { electorate, beat } = instance();
  expect(electorate.sendBeat().sign.ids).toEqual({});
  await beat();
  const { sign } = electorate.sendBeat();
  expect(Object.keys(sign.ids)).toEqual(['n1', 'n2', 'n3']);
  expect(sign).toMatchObject({ yields: false, standsSinceMs: expect.any(Number) });
  const silent = { answered: false, reason: 'timeout' } as const;
  electorate.heard(electorate.sendBeat(), [silent, silent, silent]);
  expect(electorate.sendBeat().sign.ids).toEqual({});
  // For claims they still count: a connection is back in 20 ms, and the next beat may be a second away.
  expect(Object.keys(electorate.namedIds())).toEqual(['n1', 'n2', 'n3']);
});

it('wants a beat as soon as a node is back, not with the next second', async () => {
  const clock = new ManualClock();
  const [memory] = MemoryNode.inUse([clock, clock, clock], SET);
  if (memory === undefined) throw new Error('no node');
  const backs: (() => void)[] = [];
  const node = Object.assign(memory.connect({ label: 'node 1', position: 'n1' }), {
    onBack: (listener: () => void) => backs.push(listener),
  });
  const electorate = new Electorate({
    nodes: throughCouriers([node], { clock, nodeTimeoutMs: 120 }),
    set: SET,
    app: 'app',
    clock,
    observer: { observe: () => undefined },
    identityWaitMs: 30_000,
  });
  let wanted = 0;
  electorate.onBeatWanted(() => {
    wanted += 1;
  });
  const membership = new QuorumMembership([node], electorate);
  await membership.beat('one', []);
  await membership.beat('one', []);
  wanted = 0;
  expect(electorate.nextBeatMs).toBe(Number.POSITIVE_INFINITY);
  for (const back of backs) back();
  expect({ wanted, dueInMs: electorate.nextBeatMs - clock.monotonicMs() }).toEqual({ wanted: 1, dueInMs: 0 });
});

it('does not count a memory that is known to have no vote, although it has refused claims by its id', async () => {
  const { electorate, beat, nodes, memories } = instance();
  const [, , third] = nodes;
  memories[2]?.loseMemory('restart');
  await beat();
  const counted = Object.keys(electorate.namedIds());
  expect(counted).toEqual(['n1', 'n2']);
  const id = memories[2]?.snapshot().ledger.memory?.id ?? '';
  if (third === undefined) throw new Error('no node');
  electorate.renamed(third, { n3: id });
  expect(Object.keys(electorate.namedIds())).toEqual(counted);
  // Of another one nothing is known yet: the next claim finds out.
  electorate.renamed(third, { n3: '9.other' });
  expect(electorate.namedIds()).toMatchObject({ n3: '9.other' });
});
