import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSTANTS_PER_TICK } from '../../../libs/distributed-schedule/src/protocol/task-policies.js';
import type { Schedule } from '../../../libs/distributed-schedule/src/protocol/tick-context.js';
import { triggerSlot } from '../../../libs/distributed-schedule/src/protocol/trigger-slot.js';
import { EVERY_SECOND, every } from '../../support/tasks.js';

function listed(ticks: readonly number[]): Schedule {
  const sorted = [...ticks].sort((one, other) => one - other);
  return { description: 'listed', nextAfter: (epochMs) => sorted.find((tick) => tick > epochMs) };
}

describe('the slot of a trigger', () => {
  it('is the wanted instant where nothing is near', () => {
    expect(triggerSlot(every(3_600_000), [], 3_600_000 * 5 + 7_000)).toBe(3_600_000 * 5 + 7_000);
  });

  it('keeps a second from a scheduled tick on either side', () => {
    const hour = 3_600_000;
    expect(triggerSlot(every(hour), [], hour)).toBe(hour + 1_000);
    expect(triggerSlot(every(hour), [], 2 * hour - 999)).toBe(2 * hour + 1_000);
    expect(triggerSlot(every(hour), [], 2 * hour - 1_000)).toBe(2 * hour - 1_000);
  });

  it('is in the middle of short gaps', () => {
    expect(triggerSlot(EVERY_SECOND, [], 10_000)).toBe(10_500);
    expect(triggerSlot(EVERY_SECOND, [], 10_501)).toBe(11_500);
  });

  it('is nowhere where ticks follow each other too fast', () => {
    expect(triggerSlot(every(63), [], 10_000)).toBeUndefined();
    expect(triggerSlot(every(64), [], 10_000)).toBeDefined();
  });

  it('shares no instant of the ledger with any other tick, and does not come before it is wanted', () => {
    const instant = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(
        fc.array(instant, { maxLength: 30 }),
        fc.array(instant, { maxLength: 10 }),
        instant,
        (ticks, triggers, from) => {
          const slot = triggerSlot(listed(ticks), triggers, from);
          if (slot === undefined) throw new Error('there is room after the last tick');
          expect(slot).toBeGreaterThanOrEqual(from);
          for (const other of [...ticks, ...triggers]) {
            expect(Math.abs(other - slot)).toBeGreaterThanOrEqual(INSTANTS_PER_TICK);
          }
        },
      ),
    );
  });
});
