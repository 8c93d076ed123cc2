import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankOf } from '#src/protocol/members/ranking.js';
import { RememberedRanks } from '#src/protocol/members/remembered-ranks.js';

const MEMBER = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const MEMBERS = fc.uniqueArray(MEMBER, { maxLength: 5 });
const TASK = fc.constantFrom('settle', 'report', 'sweep');

describe('ranks that are remembered', () => {
  it('are those that would be computed, whoever comes and goes, and in whatever order the instances are named', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(TASK, MEMBERS), { maxLength: 20 }), (asked) => {
        const ranks = new RememberedRanks();
        for (const [task, members] of asked) {
          expect(ranks.rankOf(task, 'b', members)).toBe(rankOf(task, 'b', members));
          // Again, as the next tick does.
          expect(ranks.rankOf(task, 'b', [...members])).toBe(rankOf(task, 'b', members));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('follow the labels, which may change while the instances stay', () => {
    const ranks = new RememberedRanks();
    const labels = new Map([['a', ['eu']]]);
    const rank = (): number | undefined =>
      ranks.rankOf('settle', 'a', ['a', 'b'], { runOn: ['eu'], weight: {} }, (id) => labels.get(id) ?? []);
    expect(rank()).toBe(0);
    labels.delete('a');
    expect(rank()).toBeUndefined();
  });
});
