import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_LEAD_MS } from '#src/protocol/bid/bid-lead.js';
import { type InstantSize, planSlot, slotLengthMs } from '#src/protocol/scheduler/slot.js';

const LENGTH_MS = slotLengthMs({ bidLeadMs: 30, bidStaggerMs: 100 });
type Size = readonly [tick: number, ticks: number];

function plan(sizes: readonly Size[], neededMs: (ticks: number) => number) {
  const [first, ...others] = sizes.map(([tick, ticks]): InstantSize => ({ tick, ticks }));
  if (first === undefined) throw new Error('no instant');
  return planSlot([first, ...others], {
    of: (ticks) => Math.min(neededMs(ticks), MAX_LEAD_MS),
    usualMs: neededMs,
  });
}

it('a slot is at most 40 ms long, half a stagger, and what `bids.leadMs` leaves', () => {
  const length = (bidLeadMs: number, bidStaggerMs: number) => slotLengthMs({ bidLeadMs, bidStaggerMs });
  expect([length(30, 100), length(30, 50), length(30, 5), length(60, 100), length(79, 100)]).toEqual([
    ...[40, 25, 2, 19, 0],
  ]);
});

it('all that is due within a slot is bid for before the first', () => {
  const sizes: readonly Size[] = [
    [1_000, 1],
    [1_017, 2],
    [1_040, 1],
  ];
  expect(plan(sizes, () => 30)).toEqual({ tick: 1_000, last: 1_040, leadMs: 30 });
});

it('where bids take long the slot is shorter, down to 20 ms, which leave the first tick 59 ms', () => {
  const near: readonly Size[] = [
    [1_000, 1],
    [1_020, 1],
    [1_040, 1],
  ];
  expect(plan(near, () => 58)).toEqual({ tick: 1_000, last: 1_020, leadMs: 58 });
  expect(plan(near, () => 75)).toEqual({ tick: 1_000, last: 1_020, leadMs: MAX_LEAD_MS - 20 });
  const far: readonly Size[] = [
    [1_000, 1],
    [1_040, 1],
  ];
  expect(plan(far, () => 75)).toEqual({ tick: 1_000, last: 1_000, leadMs: 75 });
});

it('a pause among many bids makes the lead longer, and no slot shorter', () => {
  const first = { tick: 1_000, ticks: 1 };
  const times = { of: () => MAX_LEAD_MS, usualMs: () => 30 };
  expect(planSlot([first, { tick: 1_040, ticks: 1 }], times)).toEqual({
    ...{ tick: 1_000, last: 1_040, leadMs: MAX_LEAD_MS - 40 },
  });
});

it('many ticks are bid for with others only if that takes no longer than there is time', () => {
  const perTick = (ticks: number) => Math.max(30, ticks / 8);
  const three: readonly Size[] = [
    [1_000, 400],
    [1_020, 400],
    [1_040, 400],
  ];
  expect(plan(three, perTick)).toEqual({ tick: 1_000, last: 1_000, leadMs: 50 });
  const few: readonly Size[] = [
    [1_000, 1],
    [1_010, 400],
    [1_020, 400],
  ];
  expect(plan(few, perTick).last).toBe(1_010);
});

it('no bid goes out earlier than nodes allow, nor later than `bids.leadMs` or a short slot asks for', () => {
  const due = fc
    .uniqueArray(fc.tuple(fc.nat(LENGTH_MS), fc.integer({ min: 1, max: 50 })), {
      selector: ([tick]) => tick,
      minLength: 1,
      maxLength: 20,
    })
    .map((sizes) => sizes.sort(([one], [other]) => one - other));
  fc.assert(
    fc.property(due, fc.integer({ min: 30, max: 150 }), fc.nat(3), (sizes, leadMs, perTickMs) => {
      const neededMs = (ticks: number) => leadMs + ticks * perTickMs;
      const slot = plan(sizes, neededMs);
      const first = neededMs(sizes[0]?.[1] ?? 0);
      expect(slot.tick).toBe(sizes[0]?.[0]);
      expect(slot.last - slot.tick + slot.leadMs).toBeLessThanOrEqual(MAX_LEAD_MS);
      expect(slot.leadMs).toBeGreaterThanOrEqual(Math.min(first, MAX_LEAD_MS - 20));
    }),
  );
});
