import { describe, expect, it } from 'vitest';
import type { Claim, ClaimVote, NodeTick } from '#src/protocol/contract/ports.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { decideClaim } from '#src/protocol/ledger/claim-votes.js';
import { decidePeek } from '#src/protocol/ledger/peek-votes.js';

const claim: Claim = { task: 'settle', tick: 5_000, claimId: 'me', maxLatenessMs: 400 };
const granted: ClaimVote = { kind: 'granted' };
const takenBy = (claimId: string): ClaimVote => ({ kind: 'taken', claimId });
const past: ClaimVote = { kind: 'taken' };
const none = undefined;

describe('the quorum', () => {
  it('is a majority of the configured nodes', () => {
    expect([1, 3, 5, 7].map(quorumOf)).toEqual([1, 2, 3, 4]);
  });
});

describe('the verdict on a claim', () => {
  const rows: readonly [string, readonly (ClaimVote | undefined)[], string, number][] = [
    ['all nodes grant', [granted, granted, granted], 'won', 3],
    ['a majority grants and one node is silent', [granted, granted, none], 'won', 3],
    ['a majority grants and one node names another owner', [granted, granted, takenBy('you')], 'won', 2],
    ['a majority names one other owner', [takenBy('you'), takenBy('you'), granted], 'taken', 1],
    ['a majority has moved past the tick', [past, past, granted], 'taken', 1],
    ['one node names the owner and another has moved past', [takenBy('you'), past, none], 'taken', 1],
    ['three bidders have one vote each', [granted, takenBy('you'), takenBy('them')], 'split', 1],
    ['one for, one against, one silent', [granted, takenBy('you'), none], 'split', 2],
    ['only a minority answers', [granted, none, none], 'no_quorum', 3],
    ['nobody answers', [none, none, none], 'no_quorum', 3],
    [
      'a majority is in quarantine',
      [{ kind: 'quarantined' }, { kind: 'quarantined' }, granted],
      'no_quorum',
      1,
    ],
    ['a majority says late', [{ kind: 'late' }, { kind: 'late' }, granted], 'late', 1],
    ['one node is in quarantine and the others grant', [{ kind: 'quarantined' }, granted, granted], 'won', 2],
    ['one node has met a newer node set', [granted, granted, { kind: 'outdated' }], 'outdated', 2],
    ['one node stands on record for another node set', [granted, granted, { kind: 'conflict' }], 'won', 2],
    [
      'two nodes stand on record for another node set',
      [granted, { kind: 'conflict' }, { kind: 'conflict' }],
      'no_quorum',
      1,
    ],
    ['the only node grants', [granted], 'won', 1],
    ['the only node is silent', [none], 'no_quorum', 1],
    ['three of five grant', [granted, granted, granted, none, takenBy('you')], 'won', 4],
    ['two of five grant', [granted, granted, none, none, takenBy('you')], 'split', 4],
  ];
  for (const [title, votes, kind, votesOut] of rows) {
    it(`is ${kind} when ${title}`, () => {
      expect(decideClaim(claim, votes)).toMatchObject({ kind, votesOut });
    });
  }

  it('names the owner of a taken tick', () => {
    expect(decideClaim(claim, [takenBy('you'), takenBy('you'), none])).toMatchObject({ claimId: 'you' });
  });

  it('does not take an earlier vote for the same claim for somebody else', () => {
    expect(decideClaim(claim, [takenBy('me'), takenBy('me'), none]).kind).not.toBe('taken');
  });
});

describe('the verdict on a peek', () => {
  const at = (tick: number, claimId?: string): NodeTick =>
    claimId === undefined ? { tick } : { tick, claimId };
  const rows: readonly [string, readonly (NodeTick | undefined)[], string][] = [
    ['a majority names one owner', [at(5_000, 'you'), at(5_000, 'you'), at(4_000, 'x')], 'taken'],
    ['a majority has moved past', [at(6_000, 'a'), at(6_000, 'a'), none], 'taken'],
    ['no node knows the tick', [at(4_000, 'x'), at(4_000, 'x'), at(0)], 'open'],
    [
      'a minority has a vote that was not given back',
      [at(5_000, 'you'), at(4_000, 'x'), at(4_000, 'x')],
      'open',
    ],
    ['the votes are split', [at(5_000, 'a'), at(5_000, 'b'), at(4_000, 'x')], 'open'],
    ['a give-back left the tick before', [at(4_000), at(4_000), at(4_000)], 'open'],
    ['only a minority answers', [at(4_000, 'x'), none, none], 'unknown'],
  ];
  for (const [title, ticks, kind] of rows) {
    it(`is ${kind} when ${title}`, () => {
      expect(decidePeek(5_000, ticks).kind).toBe(kind);
    });
  }

  it.each<[string, readonly (NodeTick | undefined)[], object]>([
    [
      'all nodes answer: what a majority has reached',
      [at(5_000, 'a'), at(4_000), at(3_000)],
      { newest: 4_000 },
    ],
    [
      'one is silent: it may have been part of a majority',
      [at(5_000, 'a'), at(4_000), none],
      { newest: 5_000 },
    ],
    [
      'one has forgotten: it may have been part of a majority up to its floor',
      [at(5_000, 'a'), { tick: 0, floor: 6_000 }, at(4_000)],
      { newest: 5_000 },
    ],
    [
      'a majority has forgotten: nothing can be won up to the floor, and nobody was granted it',
      [{ tick: 4_000, floor: 6_000 }, { tick: 0, floor: 7_000 }, at(5_000, 'a')],
      { newest: 6_000, isFloor: true },
    ],
    ['nobody knows the task', [{ tick: 0, floor: 6_000 }, { tick: 0, floor: 7_000 }, at(0)], { newest: 0 }],
  ])('names the newest instant that may have been won when %s', (_, known, expected) => {
    const { newest, isFloor } = decidePeek(9_000, known);
    expect({ newest, ...(isFloor && { isFloor }) }).toEqual(expected);
  });

  it('says how late it is by a majority of the nodes that speak of ticks', () => {
    const timeOf = (known: readonly (NodeTick | undefined)[]): number | undefined =>
      decidePeek(5_000, known, [5_900, 5_300, 5_100]).nodeTimeMs;
    expect(timeOf([at(0), at(0), at(0)])).toBe(5_300);
    // What another server's clock shows closes nothing.
    expect(timeOf([at(0), none, at(0)])).toBe(5_100);
    expect(timeOf([at(0), none, none])).toBeUndefined();
  });
});
