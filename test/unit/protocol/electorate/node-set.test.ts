/** Sets of nodes as texts, and which of them must meet: checked against all majorities that there are. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterOf, isNewerId, isOutrankedBy } from '#src/protocol/contract/ledger-id.js';
import {
  mustMeet,
  type NodeSet,
  nodeSetOf,
  notesForced,
  notesNeeded,
  parseSet,
  parseStamp,
  setText,
  stampText,
} from '#src/protocol/contract/node-set.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { setOf } from '../../../support/electorate.js';

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'];
const sets = fc.subarray(NAMES, { minLength: 1 }).map((names) => setOf(names));

/** All choices of so many. */
function choices(names: readonly string[], count: number): readonly (readonly string[])[] {
  if (count === 0) return [[]];
  return names.flatMap((name, index) =>
    choices(names.slice(index + 1), count - 1).map((rest) => [name, ...rest]),
  );
}

const majorities = ({ positions }: NodeSet): readonly (readonly string[])[] =>
  choices(positions, quorumOf(positions.length));

const meet = (one: readonly string[], other: readonly string[]): boolean =>
  one.some((name) => other.includes(name));

describe('two sets of nodes', () => {
  it('must meet exactly where every majority of the one shares a node with every majority of the other', () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        const always = majorities(one).every((mine) => majorities(other).every((yours) => meet(mine, yours)));
        expect(mustMeet(one, other)).toBe(always);
        expect(mustMeet(other, one)).toBe(always);
      }),
      { numRuns: 300 },
    );
  });

  it('meet when they are one node apart, and never with leases of different lives', () => {
    for (let nodes = 1; nodes < NAMES.length; nodes += 1) {
      const [small, large] = [NAMES.slice(0, nodes), NAMES.slice(0, nodes + 1)];
      expect(mustMeet(setOf(small), setOf(large, 2))).toBe(true);
      expect(mustMeet(setOf(small), setOf(small, 1, 3_001))).toBe(false);
    }
    // One store alone has no address: it is taken over, not joined.
    expect(mustMeet(nodeSetOf(['a'], 1, 3_000), nodeSetOf(['a', 'b'], 2, 3_000))).toBe(false);
  });
});

describe('the notes that a new id needs', () => {
  /** What a majority that counts the old memory of n1 consists of beside it. */
  const partnersOfOld = (set: NodeSet): readonly (readonly string[])[] =>
    majorities(set)
      .filter((majority) => majority.includes('n1'))
      .map((majority) => majority.filter((name) => name !== 'n1'));

  it('put a node that knows it into every majority that counts the old memory', () => {
    for (let nodes = 2; nodes <= NAMES.length; nodes += 1) {
      const set = setOf(NAMES.slice(0, nodes));
      const others = set.positions.filter((name) => name !== 'n1');
      for (const noters of choices(others, notesNeeded(set))) {
        expect(partnersOfOld(set).every((partners) => meet(partners, noters))).toBe(true);
      }
    }
  });

  it('are the fewest that do, in a set of an odd number', () => {
    for (const nodes of [3, 5, 7]) {
      const set = setOf(NAMES.slice(0, nodes));
      const others = set.positions.filter((name) => name !== 'n1');
      const fewer = choices(others, notesNeeded(set) - 1);
      expect(fewer.some((noters) => partnersOfOld(set).some((partners) => !meet(partners, noters)))).toBe(
        true,
      );
    }
  });

  it('do the same for the majorities of the set before and after, in the middle of a change', () => {
    for (const nodes of [4, 6]) {
      const set = setOf(NAMES.slice(0, nodes));
      const noters = set.positions.filter((name) => name !== 'n1');
      expect(notesNeeded(set)).toBe(noters.length);
      for (const beside of [NAMES.slice(0, nodes - 1), NAMES.slice(0, nodes + 1)].map((names) =>
        setOf(names),
      )) {
        expect(partnersOfOld(beside).every((partners) => meet(partners, noters))).toBe(true);
      }
    }
  });

  it('make a majority with the node itself where a wait has ended', () => {
    for (let nodes = 1; nodes <= NAMES.length; nodes += 1) {
      const set = setOf(NAMES.slice(0, nodes));
      expect(notesForced(set) + 1).toBe(quorumOf(nodes));
      expect(notesForced(set)).toBeLessThanOrEqual(notesNeeded(set));
    }
  });
});

describe('a set as text', () => {
  it('comes back as it was, with blanks in its addresses', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1 }),
        fc.integer({ min: 1 }),
        fc.string({ unit: 'grapheme' }),
        (addresses, generation, leaseTtlMs, app) => {
          const set = nodeSetOf(addresses, generation, leaseTtlMs);
          expect(parseSet(setText(set))).toEqual(set);
          const stamp = { set, app, sinceMs: 7 };
          expect(parseStamp(stampText(stamp))).toEqual(stamp);
          expect(stampText(stamp).split(' ')).toHaveLength(set.positions.length + 4);
        },
      ),
    );
  });

  it('does not depend on the order of its nodes, nor on the address of one alone', () => {
    expect(setText(nodeSetOf(['b', 'a', 'c'], 1, 3_000))).toBe(setText(nodeSetOf(['c', 'b', 'a'], 1, 3_000)));
    expect(setText(nodeSetOf(['here'], 1, 3_000))).toBe(setText(nodeSetOf(['there'], 1, 3_000)));
  });

  it.each(['', '1', '1 3000', '1 3000 ', '0 3000 a', '1 x a', '1 3000 a  b', '1.5 3000 a'])(
    'is none where it says "%s"',
    (text) => {
      expect(parseSet(text)).toBeUndefined();
      expect(parseStamp(`7 app ${text}`)).toBeUndefined();
    },
  );
});

describe('the ids of one position', () => {
  it('are ordered by their counters as numbers, and by nothing else', () => {
    expect(isNewerId('10.a', '9.b')).toBe(true);
    expect(isNewerId('9.b', '10.a')).toBe(false);
    expect(isNewerId('3.z', '3.a')).toBe(false);
    expect(isNewerId('3.a', '3.z')).toBe(false);
    expect(counterOf('nonsense')).toBe(0);
    expect(counterOf('.x')).toBe(0);
  });

  it('give way to a newer one, and to another one of the same counter', () => {
    expect(isOutrankedBy('3.a', '4.b')).toBe(true);
    expect(isOutrankedBy('3.a', '3.b')).toBe(true);
    expect(isOutrankedBy('3.a', '3.a')).toBe(false);
    expect(isOutrankedBy('3.a', '2.b')).toBe(false);
    expect(isOutrankedBy('3.a', undefined)).toBe(false);
  });
});
