import { describe, expect, it } from 'vitest';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import { agreeing, type KnownNode, unknownNode } from '#src/protocol/electorate/known-node.js';

function node(position: string, id: string, noted: LedgerIds, hasVote = true): KnownNode {
  const now = { sinceMs: 0, nowMs: 0, epoch: 0, setBackMs: 0 };
  const identity = { id, hasVote, ...now, noted, stamp: undefined, liveSets: [] };
  return { ...unknownNode(position, position), identity, answersNow: true };
}

function agreed(...nodes: readonly KnownNode[]): readonly string[] {
  return [...agreeing(nodes)].map(({ position }) => position);
}

describe('the nodes that a claim may count together', () => {
  it('are all where nobody has noted a newer id', () => {
    expect(agreed(node('a', '1.a', { b: '1.b' }), node('b', '1.b', {}), node('c', '1.c', {}))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('leave out an old server that knows higher counters of the others, and not the others', () => {
    const old = node('a', '7.a', { b: '9.x', c: '9.y' });
    expect(agreed(old, node('b', '3.b', { c: '3.c' }), node('c', '3.c', { b: '3.b' }))).toEqual(['b', 'c']);
  });

  it('leave out the one whose id another one has replaced, and which the rest does not know yet', () => {
    expect(agreed(node('a', '1.a', { b: '2.x' }), node('b', '1.b', {}), node('c', '1.c', {}))).toEqual([
      'a',
      'c',
    ]);
    expect(
      agreed(node('a', '1.a', { b: '2.x' }), node('b', '1.b', {}), node('c', '1.c', { b: '2.x' })),
    ).toEqual(['a', 'c']);
  });

  it('do not mind what a node without a vote has noted', () => {
    expect(agreed(node('a', '1.a', { b: '2.x' }, false), node('b', '1.b', {}), node('c', '1.c', {}))).toEqual(
      ['b', 'c'],
    );
  });

  it('are a largest part of five', () => {
    const five = [
      node('a', '5.a', { c: '9.c', d: '9.d', e: '9.e' }),
      node('b', '5.b', { c: '9.c', d: '9.d', e: '9.e' }),
      ...['c', 'd', 'e'].map((position) => node(position, `1.${position}`, {})),
    ];
    expect(agreed(...five)).toEqual(['c', 'd', 'e']);
  });
});
