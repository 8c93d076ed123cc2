import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueOrder } from '#src/protocol/scheduler/due-order.js';
import type { InstantHeap } from '#src/protocol/scheduler/instant-heap.js';

const TICK = fc.nat(30);
const ONE = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');

describe('the order in which tasks are due', () => {
  it('is that of their instants, however often each is armed anew', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ONE, fc.option(TICK, { nil: undefined })), { maxLength: 200 }),
        (armed) => {
          const order = new DueOrder<string>();
          const known = new Map<string, number>();
          for (const [one, tick] of armed) {
            const before = known.get(one);
            if (before !== undefined) order.delete(before, one);
            known.delete(one);
            if (tick !== undefined) known.set(one, tick);
            if (tick !== undefined) order.add(tick, one);
            const earliest = known.size === 0 ? undefined : Math.min(...known.values());
            expect(order.earliest()).toBe(earliest);
            if (earliest === undefined) continue;
            const due = [...known].flatMap(([name, at]) => (at === earliest ? [name] : []));
            expect([...order.at(earliest)].sort()).toEqual(due.sort());
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('holds no more instants than tasks after many changes of mind about one that is far ahead', () => {
    const order = new DueOrder<string>();
    order.add(1, 'first');
    for (let tick = 1_000_000; tick > 990_000; tick -= 1) {
      order.add(tick, 'later');
      order.delete(tick, 'later');
    }
    expect((Reflect.get(order, 'all') as InstantHeap).size).toBeLessThan(200);
    expect(order.earliest()).toBe(1);
  });

  it('knows the earliest instant at which many are due, while they are', () => {
    const order = new DueOrder<string>();
    const names = Array.from({ length: 20 }, (_, index) => `task ${index}`);
    expect(order.earliestOfMany()).toBeUndefined();
    for (const name of names) order.add(2_000, name);
    for (const name of names) order.add(1_000, name);
    order.add(500, 'alone');
    expect([order.earliest(), order.earliestOfMany()]).toEqual([500, 1_000]);
    for (const name of names.slice(5)) order.delete(1_000, name);
    expect([order.earliest(), order.earliestOfMany()]).toEqual([500, 2_000]);
    for (const name of names.slice(5)) order.add(1_000, name);
    expect(order.earliestOfMany()).toBe(1_000);
    for (const tick of [1_000, 2_000]) for (const name of names) order.delete(tick, name);
    expect([order.earliest(), order.earliestOfMany()]).toEqual([500, undefined]);
  });
});
