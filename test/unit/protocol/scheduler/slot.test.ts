import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_LEAD_MS } from '#src/protocol/bid/bid-lead.js';
import { type InstantSize, planSlot, slotLengthMs } from '#src/protocol/scheduler/slot.js';

const LENGTH_MS = slotLengthMs(100);
const plan = (sizes: readonly (readonly [tick: number, ticks: number])[], leadMs: number) => {
  const [first, ...others] = sizes.map(([tick, ticks]): InstantSize => ({ tick, ticks }));
  if (first === undefined) throw new Error('no instant');
  return planSlot([first, ...others], () => leadMs);
};

it('a slot is at most 40 ms long, and half a stagger', () => {
  expect([slotLengthMs(100), slotLengthMs(50), slotLengthMs(5)]).toEqual([40, 25, 2]);
});

it('all that is due within a slot is bid for before the first, as early as the last may be claimed', () => {
  expect(
    plan(
      [
        [1_000, 1],
        [1_017, 2],
        [1_040, 1],
      ],
      30,
    ),
  ).toEqual({ tick: 1_000, last: 1_040, leadMs: 30 });
  expect(
    plan(
      [
        [1_000, 1],
        [1_040, 1],
      ],
      70,
    ),
  ).toEqual({ tick: 1_000, last: 1_040, leadMs: MAX_LEAD_MS - 40 });
});

it('an instant of more ticks than all others together is bid for apart, with its whole lead', () => {
  const many = [1_020, 200] as const;
  expect(plan([[1_000, 1], many, [1_030, 5]], 70)).toEqual({ tick: 1_000, last: 1_000, leadMs: 70 });
  expect(plan([many, [1_030, 5]], 70)).toEqual({ tick: 1_020, last: 1_020, leadMs: 70 });
});

it('no bid goes out earlier than nodes allow, whatever is due', () => {
  const due = fc
    .uniqueArray(fc.tuple(fc.nat(LENGTH_MS), fc.integer({ min: 1, max: 50 })), {
      selector: ([tick]) => tick,
      minLength: 1,
      maxLength: 20,
    })
    .map((sizes) => sizes.sort(([one], [other]) => one - other));
  fc.assert(
    fc.property(due, fc.nat(MAX_LEAD_MS), (sizes, leadMs) => {
      const slot = plan(sizes, leadMs);
      expect(slot.tick).toBe(sizes[0]?.[0]);
      expect(slot.last - slot.tick + slot.leadMs).toBeLessThanOrEqual(MAX_LEAD_MS);
      expect(slot.leadMs).toBeGreaterThanOrEqual(Math.min(leadMs, MAX_LEAD_MS - LENGTH_MS));
    }),
  );
});
