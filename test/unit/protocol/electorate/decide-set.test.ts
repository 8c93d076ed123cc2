import { describe, expect, it } from 'vitest';
import type { LiveSet, NodeIdentity } from '#src/protocol/contract/node-identity.js';
import {
  type NodeSet,
  PROVISIONAL_MS,
  type SetStamp,
  SINGLE_POSITION,
} from '#src/protocol/contract/node-set.js';
import { decideSet } from '#src/protocol/electorate/decide-set.js';
import { type KnownNode, unknownNode } from '#src/protocol/electorate/known-node.js';
import type { SetScene } from '#src/protocol/electorate/set-scene.js';

const NOW_MS = 1_000_000;
const OWN: NodeSet = { generation: 1, positions: ['a', 'b', 'c'], leaseTtlMs: 3_000 };
const OTHER: NodeSet = { generation: 1, positions: ['c', 'd', 'e'], leaseTtlMs: 3_000 };

function stampOf(set: NodeSet, sinceMs: number): SetStamp {
  return { set, sinceMs, app: 'app' };
}

function live(set: NodeSet, standsSinceMs: number | undefined, instances = 1): LiveSet {
  return { set, standsSinceMs, instances, app: 'app', yields: false };
}

function answering(position: string, given: Partial<NodeIdentity> = {}, members = 1): KnownNode {
  const identity: NodeIdentity = {
    id: '1.x',
    hasVote: true,
    sinceMs: NOW_MS - 60_000,
    nowMs: NOW_MS,
    noted: {},
    stamp: undefined,
    liveSets: [],
    epoch: 0,
    setBackMs: 0,
    ...given,
  };
  return { ...unknownNode(position, `node ${position}`), identity, members, answersNow: true };
}

function scene(nodes: readonly KnownNode[], given: Partial<SetScene> = {}): SetScene {
  return {
    set: OWN,
    app: 'app',
    nodes,
    standsSinceMs: undefined,
    wasShown: true,
    wasShownToStand: true,
    waitedMs: 0,
    identityWaitMs: 30_000,
    takeOver: undefined,
    ...given,
  };
}

const EMPTY = [answering('a'), answering('b'), answering('c')];

/** The first round of a first start is over: each node shows the set, and none lets it vote. */
const SHOWN = EMPTY.map(({ position }) => answering(position, { stamp: stampOf(OWN, PROVISIONAL_MS) }));

describe('whether a set goes on', () => {
  it('stamps all nodes on a first start, once each has listened, and by a deadline', () => {
    const round = decideSet(scene(EMPTY));
    expect(round.stamps.map(({ reason }) => reason)).toEqual(Array(3).fill('provisional'));
    for (const { request } of round.stamps)
      expect(request).toMatchObject({ expected: '', raiseFloor: false });
    const decision = decideSet(scene(SHOWN));
    expect(decision.stamps.map(({ node, reason }) => [node.position, reason])).toEqual([
      ['a', 'first'],
      ['b', 'first'],
      ['c', 'first'],
    ]);
    for (const { request } of decision.stamps) {
      expect(request).toMatchObject({ raiseFloor: false, deadlineMs: NOW_MS + 1_500 });
    }
    const young = [...EMPTY.slice(0, 2), answering('c', { sinceMs: NOW_MS - 2_000 })];
    expect(decideSet(scene(young))).toMatchObject({ condition: 'waits', stamps: [], againInMs: 1_000 });
  });

  it('stamps nothing while one node does not answer, until identityWaitMs', () => {
    const nodes = [...SHOWN.slice(0, 2), unknownNode('c', 'node c')];
    expect(decideSet(scene(nodes, { waitedMs: 29_999 }))).toMatchObject({ condition: 'waits', stamps: [] });
    const late = decideSet(scene(nodes, { waitedMs: 30_000 }));
    expect(late.stamps.map(({ reason }) => reason)).toEqual(['forced', 'forced']);
  });

  it('stamps nothing by a beat that showed it as one that yields, and asks for another at once', () => {
    const decision = decideSet(scene(EMPTY, { wasShown: false }));
    expect(decision).toMatchObject({ condition: 'waits', stamps: [], againInMs: 0 });
    const standing = EMPTY.map(({ position }) => answering(position, { stamp: stampOf(OWN, 5) }));
    expect(decideSet(scene(standing, { standsSinceMs: 5, wasShown: false })).condition).toBe('waits');
  });

  it('bids only by a beat that showed that it stands, and asks for another at once', () => {
    const standing = EMPTY.map(({ position }) => answering(position, { stamp: stampOf(OWN, 5) }));
    const decision = decideSet(scene(standing, { standsSinceMs: 5, wasShownToStand: false }));
    expect(decision).toMatchObject({ condition: 'waits', againInMs: 0 });
    expect(decideSet(scene(standing, { standsSinceMs: 5 })).condition).toBe('bids');
    // Also where too few nodes answer to decide anything new.
    const few = [...standing.slice(0, 1), unknownNode('b', 'node b'), unknownNode('c', 'node c')];
    const unseen = decideSet(scene(few, { standsSinceMs: 5, wasShownToStand: false }));
    expect(unseen).toMatchObject({ condition: 'waits', againInMs: 0 });
    expect(decideSet(scene(few, { standsSinceMs: 5 })).condition).toBe('bids');
  });

  it('yields to an older standing stamp, and waits for a younger one to give way, whatever the numbers', () => {
    const met = (sinceMs: number | undefined, instances: number): readonly KnownNode[] => [
      answering('a', { stamp: stampOf(OWN, 50) }),
      answering('b', { stamp: stampOf(OWN, 50) }),
      answering('c', { liveSets: [live(OTHER, sinceMs, instances)] }, instances + 1),
    ];
    expect(decideSet(scene(met(49, 1), { standsSinceMs: 50 })).condition).toBe('yields');
    expect(decideSet(scene(met(51, 9), { standsSinceMs: 50 })).condition).toBe('waits');
    expect(decideSet(scene(met(undefined, 9), { standsSinceMs: 50 })).condition).toBe('bids');
  });

  it('neither bids nor stamps against an undecided set that it outranks, before that one has given way', () => {
    const nodes = [...EMPTY.slice(0, 2), answering('c', { liveSets: [live(OTHER, undefined, 1)] }, 5)];
    expect(decideSet(scene(nodes))).toMatchObject({ condition: 'waits', stamps: [] });
    const fewer = [...EMPTY.slice(0, 2), answering('c', { liveSets: [live(OTHER, undefined, 4)] }, 5)];
    expect(decideSet(scene(fewer)).condition).toBe('yields');
  });

  it('goes on where a node of both has it on record, also beside a set of one node, which calls that node by another name', () => {
    const alone: NodeSet = { generation: 1, positions: [SINGLE_POSITION], leaseTtlMs: 3_000 };
    const stamp = stampOf(OWN, PROVISIONAL_MS);
    const common = (of: NodeSet, position: string, instances: number): KnownNode =>
      answering(position, { stamp, liveSets: [live(of, undefined, instances)] }, 5);
    // Three instances of one node, two of three nodes: the record decides, and both sides see the same one.
    const seenByThree = [common(alone, 'a', 3), answering('b'), answering('c')];
    expect(decideSet(scene(seenByThree)).condition).toBe('waits');
    const seenByOne = [common(OWN, SINGLE_POSITION, 2)];
    expect(decideSet(scene(seenByOne, { set: alone })).condition).toBe('yields');
  });

  it('stamps empty nodes of a set that stands on one, by a majority, with raised floors', () => {
    const nodes = [answering('a'), answering('b', { stamp: stampOf(OWN, 50) }), unknownNode('c', 'node c')];
    const decision = decideSet(scene(nodes, { standsSinceMs: 50 }));
    expect(decision.condition).toBe('bids');
    expect(
      decision.stamps.map(({ node, reason, request }) => [node.position, reason, request.raiseFloor]),
    ).toEqual([['a', 'empty', true]]);
    const alone = [unknownNode('a', 'node a'), ...nodes.slice(1)];
    expect(decideSet(scene(alone, { standsSinceMs: 50 })).stamps).toEqual([]);
  });

  it('takes over a majority of a recorded set first, since an instant that no grant of it can follow', () => {
    const before: NodeSet = { generation: 1, positions: ['a', 'b', 'z'], leaseTtlMs: 3_000 };
    const recorded = { stamp: stampOf(before, 5) };
    const decision = decideSet(scene([answering('a', recorded), answering('b', recorded), answering('c')]));
    expect(decision.condition).toBe('waits');
    expect(decision.stamps.map(({ node, reason }) => [node.position, reason])).toEqual([
      ['a', 'taken_over'],
      ['b', 'taken_over'],
    ]);
    for (const { request } of decision.stamps) expect(request.stamp.sinceMs).toBe(NOW_MS + 1_500);
  });

  it('gives way to a set, and takes nothing of it over, while its instances may only be connecting anew', () => {
    const rival = live(OTHER, 5, 0);
    const shared = answering('c', { liveSets: [rival] });
    expect(decideSet(scene([...EMPTY.slice(0, 2), shared]))).toMatchObject({
      condition: 'yields',
      detail: expect.stringContaining("app 'app', its connections have just ended, since"),
    });
    const unstamped = answering('c', { liveSets: [live(OTHER, undefined, 0)] });
    expect(decideSet(scene([...EMPTY.slice(0, 2), unstamped]))).toMatchObject({
      condition: 'waits',
      stamps: [],
    });
    const onRecord = answering('c', { stamp: stampOf(OTHER, 5), liveSets: [{ ...rival, yields: true }] });
    expect(decideSet(scene([...EMPTY.slice(0, 2), onRecord]))).toMatchObject({
      condition: 'waits',
      stamps: [],
    });
  });

  it('goes on with a take-over that somebody else has begun, before it bids', () => {
    const before: NodeSet = { generation: 1, positions: ['a', 'b', 'z'], leaseTtlMs: 3_000 };
    const nodes = [
      answering('a', { stamp: stampOf(OWN, 50) }),
      answering('b', { stamp: stampOf(before, 5) }),
      answering('c'),
    ];
    const decision = decideSet(scene(nodes, { standsSinceMs: 50 }));
    expect(decision.condition).toBe('waits');
    expect(decision.stamps.map(({ node, reason }) => [node.position, reason])).toEqual([['b', 'taken_over']]);
  });

  it('does not take over what listens too short a time, or what is live', () => {
    const single: NodeSet = { generation: 1, positions: ['single'], leaseTtlMs: 3_000 };
    const stamp = stampOf(single, 5);
    const young = answering('a', { stamp, sinceMs: NOW_MS - 1_000 });
    expect(decideSet(scene([young, ...EMPTY.slice(1)]))).toMatchObject({ condition: 'waits', stamps: [] });
    // The same beside two that stand: whoever uses that set may not have been heard yet.
    const standing = ['b', 'c'].map((position) => answering(position, { stamp: stampOf(OWN, 50) }));
    expect(decideSet(scene([young, ...standing], { standsSinceMs: 50 })).stamps).toEqual([]);
    const old = answering('a', { stamp });
    expect(decideSet(scene([old, ...standing], { standsSinceMs: 50 })).stamps).toHaveLength(1);
    const inUse = answering('a', { stamp, liveSets: [live(single, 5)] }, 2);
    expect(decideSet(scene([inUse, ...EMPTY.slice(1)]))).toMatchObject({ condition: 'yields', stamps: [] });
  });

  it('is outdated by a newer generation on any node, and replaces an older one at once', () => {
    const newer = stampOf({ ...OWN, generation: 2 }, 5);
    expect(decideSet(scene([answering('a', { stamp: newer }), ...EMPTY.slice(1)])).condition).toBe(
      'outdated',
    );
    const older = { ...OWN, positions: ['a', 'b'] };
    const nodes = EMPTY.map(({ position }) => answering(position, { stamp: stampOf(older, 5) }));
    const decision = decideSet(scene(nodes, { set: { ...OWN, generation: 2 } }));
    expect(decision.stamps.map(({ reason, request }) => [reason, request.raiseFloor])).toEqual(
      Array(3).fill(['newer', false]),
    );
  });
});

describe('two sets that exclude each other', () => {
  const onRecord = (set: NodeSet): Partial<NodeIdentity> => ({ stamp: stampOf(set, PROVISIONAL_MS) });
  const shared = (record: NodeSet, instances: number): readonly KnownNode[] => [
    ...SHOWN.slice(0, 2),
    answering('c', { ...onRecord(record), liveSets: [live(OTHER, undefined, instances)] }, instances + 1),
  ];

  it('while neither stands, the one that a common node has on record goes on, whatever the numbers and names', () => {
    expect(decideSet(scene(shared(OTHER, 1))).condition).toBe('yields');
    expect(decideSet(scene(shared(OWN, 9)))).toMatchObject({ condition: 'waits', stamps: [] });
    const waiting = decideSet(scene(shared(OWN, 9)));
    expect(waiting.detail).toContain('has not given way yet');
  });

  it('one that stands counts also while it gives way, for a set that does not stand', () => {
    const yielder = { ...live(OTHER, 50), yields: true };
    const beside = (stamp: SetStamp | undefined): readonly KnownNode[] => [
      answering('a', { stamp }),
      answering('b', { stamp }),
      answering('c', { liveSets: [yielder] }, 2),
    ];
    const decision = decideSet(scene(beside(undefined)));
    expect(decision).toMatchObject({ condition: 'waits', stamps: [] });
    expect(decision.detail).toContain('gives way only for now');
    expect(decideSet(scene(beside(stampOf(OWN, 60)), { standsSinceMs: 60 })).condition).toBe('bids');
    const never = [
      ...EMPTY.slice(0, 2),
      answering('c', { liveSets: [{ ...yielder, standsSinceMs: undefined }] }, 2),
    ];
    expect(decideSet(scene(never)).stamps).toHaveLength(3);
  });

  it('the one that starts afresh refuses what the youngest of its memories may have forgotten, by its clock', () => {
    const sinceMs = NOW_MS - 3_500;
    const nodes = [...SHOWN.slice(0, 2), answering('c', { ...onRecord(OWN), sinceMs })];
    for (const { reason, request } of decideSet(scene(nodes)).stamps) {
      expect(reason).toBe('first');
      expect(request).toMatchObject({ raiseFloor: false, floorFromMs: sinceMs });
    }
    for (const { request } of decideSet(scene(EMPTY)).stamps) expect(request.floorFromMs).toBeUndefined();
  });
});
