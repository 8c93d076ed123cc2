import { describe, expect, it } from 'vitest';
import type { Placement } from '#src/protocol/contract/tick-context.js';
import { rankOf } from '#src/protocol/members/ranking.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { chiSquare, DEGREES_1, DEGREES_4, DEGREES_11 } from '../../../support/chi-square.js';

const SEED = 20_260;
const random = new SeededRandom(SEED);
const members = Array.from({ length: 12 }, () => random.id());
const tasks = Array.from({ length: 2_400 }, (_, index) => `Billing.task${index}`);

type Labels = Readonly<Record<string, readonly string[]>>;

/** Who is first in rank. */
function firstOf(
  task: string,
  among: readonly string[],
  placement?: Placement,
  labels: Labels = {},
): string | undefined {
  const labelsOf = (id: string): readonly string[] => labels[id] ?? [];
  return among.find((member) => rankOf(task, member, among, placement, labelsOf) === 0);
}

function weighted(weight: Readonly<Record<string, number>>): Placement {
  return { runOn: [], weight };
}

function countsOf(among: readonly string[], placement?: Placement, labels?: Labels): readonly number[] {
  const counts = new Map(among.map((member) => [member, 0]));
  for (const task of tasks) {
    const first = firstOf(task, among, placement, labels) ?? '';
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe(`rendezvous ranking (seed ${SEED})`, () => {
  it('gives every member another rank', () => {
    for (const task of tasks.slice(0, 200)) {
      const ranks = members.map((member) => rankOf(task, member, members) ?? -1);
      expect(new Set(ranks).size).toBe(members.length);
      expect(Math.min(...ranks)).toBe(0);
      expect(Math.max(...ranks)).toBe(members.length - 1);
    }
  });

  it('spreads tasks evenly: chi-square over 12 and over 5 members stays below the 0.1 % bound', () => {
    expect(
      chiSquare(
        countsOf(members),
        members.map(() => 1),
      ),
    ).toBeLessThan(DEGREES_11);
    const five = members.slice(0, 5);
    expect(
      chiSquare(
        countsOf(five),
        five.map(() => 1),
      ),
    ).toBeLessThan(DEGREES_4);
  });

  it('moves only the tasks of the member that leaves', () => {
    const leaving = members[3] ?? '';
    const rest = members.filter((member) => member !== leaving);
    for (const task of tasks.slice(0, 500)) {
      const before = firstOf(task, members);
      if (before !== leaving) expect(firstOf(task, rest)).toBe(before);
    }
  });

  it('moves tasks only to the member that joins, and no more than its share', () => {
    const joined = [...members, 'newcomer'];
    const moved = tasks.filter((task) => firstOf(task, members) !== firstOf(task, joined));
    for (const task of moved) expect(firstOf(task, joined)).toBe('newcomer');
    const share = tasks.length / joined.length;
    expect(chiSquare([moved.length, tasks.length - moved.length], [1, members.length])).toBeLessThan(
      DEGREES_1,
    );
    expect(moved.length).toBeLessThan(share * 1.3);
  });

  it('lets the second in rank take over when the first leaves', () => {
    const task = 'Billing.settle';
    const first = firstOf(task, members);
    const second = members.find((member) => rankOf(task, member, members) === 1);
    expect(
      firstOf(
        task,
        members.filter((member) => member !== first),
      ),
    ).toBe(second);
  });

  it('does not depend on the order of the members', () => {
    const reversed = [...members].reverse();
    for (const task of tasks.slice(0, 50)) expect(firstOf(task, reversed)).toBe(firstOf(task, members));
  });

  it('puts an instance that is no member behind all that are', () => {
    expect(rankOf('settle', 'stranger', members)).toBe(members.length);
  });

  it('is that of the release before placement, for tasks without one', () => {
    const five = ['one', 'two', 'three', 'four', 'five'];
    expect(five.map((member) => rankOf('settle', member, five))).toEqual([0, 1, 3, 4, 2]);
  });
});

describe(`weights (seed ${SEED})`, () => {
  const large = members.slice(0, 3);
  const labels: Labels = Object.fromEntries(large.map((member) => [member, ['large']]));

  it('make a member first so much more often: chi-square over 12 members, three of weight 4, below the 0.1 % bound', () => {
    const shares = members.map((member) => (large.includes(member) ? 4 : 1));
    expect(chiSquare(countsOf(members, weighted({ large: 4 }), labels), shares)).toBeLessThan(DEGREES_11);
  });

  it('below 1 make it first less often: chi-square over 5 members, three of weight 0.25, below the 0.1 % bound', () => {
    const five = members.slice(0, 5);
    const shares = five.map((member) => (large.includes(member) ? 0.25 : 1));
    expect(chiSquare(countsOf(five, weighted({ large: 0.25 }), labels), shares)).toBeLessThan(DEGREES_4);
  });

  it('that are all the same give the order of the plain hash', () => {
    for (const task of tasks.slice(0, 300)) {
      for (const placement of [weighted({ other: 7 }), weighted({ other: 7, large: 1 })]) {
        expect(firstOf(task, members, placement, labels)).toBe(firstOf(task, members));
      }
    }
  });

  it('of several labels count with the largest', () => {
    const both: Labels = { [members[0] ?? '']: ['small', 'large'] };
    const one: Labels = { [members[0] ?? '']: ['large'] };
    const placement = weighted({ small: 0.5, large: 4 });
    for (const task of tasks.slice(0, 300)) {
      expect(firstOf(task, members, placement, both)).toBe(firstOf(task, members, placement, one));
    }
  });

  it('move tasks only to the member whose weight grows, and back when it shrinks', () => {
    const grown = members[5] ?? '';
    const now: Labels = { ...labels, [grown]: ['large'] };
    const placement = weighted({ large: 4 });
    let moved = 0;
    for (const task of tasks) {
      const [before, after] = [
        firstOf(task, members, placement, labels),
        firstOf(task, members, placement, now),
      ];
      if (before === after) continue;
      moved += 1;
      expect(after).toBe(grown);
      expect(before).not.toBe(grown);
    }
    // From 1/21 to 4/24 of all tasks.
    expect(chiSquare([moved, tasks.length - moved], [4 / 24 - 1 / 21, 1 - 4 / 24 + 1 / 21])).toBeLessThan(
      DEGREES_1,
    );
  });
});

describe('the labels that a task asks for', () => {
  const labels: Labels = { a: ['eu', 'gpu'], b: ['eu'], c: ['gpu'] };
  const labelsOf = (id: string): readonly string[] => labels[id] ?? [];
  const both: Placement = { runOn: ['eu', 'gpu'], weight: {} };
  const eu: Placement = { runOn: ['eu'], weight: {} };

  it('leave no rank to an instance without all of them', () => {
    const ranks = ['a', 'b', 'c'].map((id) => rankOf('report', id, ['a', 'b', 'c'], both, labelsOf));
    expect(ranks).toEqual([0, undefined, undefined]);
  });

  it('rank those that have them among themselves', () => {
    const ranks = ['a', 'b'].map((id) => rankOf('report', id, ['a', 'b', 'c', 'd'], eu, labelsOf));
    expect([...ranks].sort()).toEqual([0, 1]);
  });

  it('keep a member whose labels are not known yet out of the order', () => {
    expect(rankOf('report', 'b', ['b', 'unknown-1', 'unknown-2'], eu, labelsOf)).toBe(0);
  });

  it('put an instance that has them and is no member behind those that are', () => {
    expect(rankOf('report', 'a', ['b', 'c'], eu, labelsOf)).toBe(1);
  });
});
