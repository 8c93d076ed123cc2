import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSTANTS_PER_TICK } from '#src/protocol/contract/task-policies.js';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { triggerPlace } from '#src/protocol/schedules/trigger-place.js';
import { EVERY_SECOND, every } from '../../support/tasks.js';

const MIN_ROOM_MS = 600;

function placeOf(
  schedule: Schedule,
  taken: readonly number[],
  fromMs: number,
  leastDistanceMs = MIN_ROOM_MS,
): number | undefined {
  return triggerPlace({ schedule, taken, fromMs, leastDistanceMs })?.tick;
}

/** So many triggers that are wanted at the same instant, one after the other. */
function slotsOf(
  count: number,
  schedule: Schedule,
  fromMs: number,
  leastDistanceMs?: number,
): readonly number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const place = placeOf(schedule, taken, fromMs, leastDistanceMs);
    if (place === undefined) throw new Error(`no place after ${taken.length}`);
    taken.push(place);
  }
  return taken;
}

function listed(ticks: readonly number[]): Schedule {
  const sorted = [...ticks].sort((one, other) => one - other);
  return { description: 'listed', nextAfter: (epochMs) => sorted.find((tick) => tick > epochMs) };
}

describe('the place of a trigger', () => {
  it('is the wanted instant where nothing is near', () => {
    expect(placeOf(every(3_600_000), [], 3_600_000 * 5 + 7_000)).toBe(3_600_000 * 5 + 7_000);
  });

  it('keeps a second from a scheduled tick on either side', () => {
    const hour = 3_600_000;
    expect(placeOf(every(hour), [], hour)).toBe(hour + 1_000);
    expect(placeOf(every(hour), [], 2 * hour - 999)).toBe(2 * hour + 1_000);
    expect(placeOf(every(hour), [], 2 * hour - 1_000)).toBe(2 * hour - 1_000);
  });

  it('is in the middle of short gaps', () => {
    expect(placeOf(EVERY_SECOND, [], 10_000)).toBe(10_500);
    expect(placeOf(EVERY_SECOND, [], 10_501)).toBe(11_500);
  });

  it('is one of several in gaps that have room for more, each in good time for those that stand by', () => {
    expect(slotsOf(5, every(2_000), 10_100)).toEqual([10_666, 11_332, 12_666, 13_332, 14_666]);
    expect(slotsOf(5, EVERY_SECOND, 10_000, 100)).toEqual([10_200, 10_400, 10_600, 10_800, 11_200]);
    expect(slotsOf(3, every(3_600_000), 10_000)).toEqual([10_000, 10_600, 11_200]);
  });

  it('is nowhere where ticks follow each other too fast', () => {
    expect(placeOf(every(63), [], 10_000, 30)).toBeUndefined();
    expect(placeOf(every(64), [], 10_000, 30)).toBeDefined();
  });

  it('shares no instant of the ledger with any other tick, and does not come before it is wanted', () => {
    const instant = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(
        fc.array(instant, { maxLength: 30 }),
        fc.array(instant, { maxLength: 10 }),
        instant,
        (ticks, triggers, from) => {
          const place = placeOf(listed(ticks), triggers, from);
          if (place === undefined) throw new Error('there is room after the last tick');
          expect(place).toBeGreaterThanOrEqual(from);
          for (const other of [...ticks, ...triggers]) {
            expect(Math.abs(other - place)).toBeGreaterThanOrEqual(INSTANTS_PER_TICK);
          }
        },
      ),
    );
  });
});
