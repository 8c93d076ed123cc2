import { describe, expect, it } from 'vitest';
import { rankOf } from '../../../libs/distributed-schedule/src/protocol/ranking.js';
import { SeededRandom } from '../../../libs/distributed-schedule/src/testing/seeded-random.js';

const SEED = 20_260;
const random = new SeededRandom(SEED);
const members = Array.from({ length: 12 }, () => random.id());
const tasks = Array.from({ length: 2_400 }, (_, index) => `Billing.task${index}`);
const firstOf = (task: string, among: readonly string[]) =>
  among.find((member) => rankOf(task, member, among) === 0);

describe(`rendezvous ranking (seed ${SEED})`, () => {
  it('gives every member another rank', () => {
    for (const task of tasks.slice(0, 200)) {
      const ranks = members.map((member) => rankOf(task, member, members));
      expect(new Set(ranks).size).toBe(members.length);
      expect(Math.max(...ranks)).toBe(members.length - 1);
    }
  });

  it('spreads tasks evenly: chi-square over 12 members stays below the 0.1 % bound', () => {
    const counts = new Map<string | undefined, number>();
    for (const task of tasks) {
      const first = firstOf(task, members);
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    const expected = tasks.length / members.length;
    const chiSquare = members.reduce(
      (sum, member) => sum + ((counts.get(member) ?? 0) - expected) ** 2 / expected,
      0,
    );
    // 11 degrees of freedom.
    expect(chiSquare).toBeLessThan(31.3);
  });

  it('moves only the tasks of the member that leaves', () => {
    const leaving = members[3] ?? '';
    const rest = members.filter((member) => member !== leaving);
    for (const task of tasks.slice(0, 500)) {
      const before = firstOf(task, members);
      if (before !== leaving) expect(firstOf(task, rest)).toBe(before);
    }
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
});
