import { describe, expect, it } from 'vitest';
import { bidOffsetsMs } from '#src/protocol/bid/bid-plan.js';
import { rankHere, rankOf } from '#src/protocol/members/ranking.js';
import { LAST_RANK } from '#src/protocol/options/protocol-options.js';

const TIMES = { bidLeadMs: 30, bidStaggerMs: 100 };
/** As the slowest of usual networks takes for a bid. */
const APART_MS = 6;

const idsOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `instance-${index}`);

function rankOfHung(instanceId: string, members: readonly string[]): number {
  const register = { hasGivenUp: () => true };
  return rankHere({ instanceId, members: () => members, register }, { name: 'settle' }) ?? Number.NaN;
}

describe('where a run hangs on every instance', () => {
  it.each([2, 3, 4, 12])(
    '%i of them bid one after the other, ahead of the common rounds and in them',
    (count) => {
      const members = idsOf(count);
      const ranks = members.map((id) => rankOfHung(id, members)).sort((a, b) => a - b);
      expect(Math.min(...ranks)).toBeGreaterThan(LAST_RANK - 1);
      expect(Math.max(...ranks)).toBeLessThan(LAST_RANK);
      const offsets = ranks.map((rank) => bidOffsetsMs(rank, TIMES, 400, () => 0));
      for (const round of [0, 1]) {
        const atMs = offsets.map((those) => those[round] ?? Number.NaN);
        const gaps = atMs.slice(1).map((ms, index) => ms - (atMs[index] ?? 0));
        expect(Math.min(...gaps)).toBeGreaterThan(round === 0 ? APART_MS : APART_MS / 2);
      }
    },
  );

  it('the order is that of their ranks, and one that is alone bids as ever', () => {
    const members = idsOf(5);
    const byRank = [...members].sort(
      (a, b) => (rankOf('settle', a, members) ?? 0) - (rankOf('settle', b, members) ?? 0),
    );
    const byHung = [...members].sort((a, b) => rankOfHung(a, members) - rankOfHung(b, members));
    expect(byHung).toEqual(byRank);
    expect(rankOfHung('instance-0', ['instance-0'])).toBe(0);
  });
});
