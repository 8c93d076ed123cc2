/** Small tasks and readers for tests that run the scheduler on a clock they move themselves. */

import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { TickReport } from '#src/protocol/contract/outcome.js';
import type { Schedule, ScheduledTask, TickContext } from '#src/protocol/contract/tick-context.js';

export const EVERY_SECOND: Schedule = {
  description: 'every second',
  nextAfter: (epochMs) => (Math.floor(epochMs / 1_000) + 1) * 1_000,
};

export function every(periodMs: number): Schedule {
  return {
    description: `every ${periodMs} ms`,
    nextAfter: (epochMs) => (Math.floor(epochMs / periodMs) + 1) * periodMs,
  };
}

export function taskOf(
  handler: (tick: TickContext) => unknown,
  given: Partial<ScheduledTask> = {},
): ScheduledTask {
  return { name: 'settle', schedule: EVERY_SECOND, handler, ...given };
}

export function reportsOf(events: readonly ScheduleEvent[]): readonly TickReport[] {
  return events.flatMap((event) => (event.type === 'tick' ? [event.report] : []));
}

/** The ticks among `ticks` that stand there more than once. */
export function doubled(ticks: readonly number[]): readonly number[] {
  return ticks.filter((tick, index) => ticks.indexOf(tick) !== index);
}

/** The seconds between the first and the last of `ticks` that are not there. */
export function missing(ticks: readonly number[], periodMs = 1_000): readonly number[] {
  const sorted = [...ticks].sort((a, b) => a - b);
  const gaps: number[] = [];
  for (let tick = sorted[0] ?? 0; tick <= (sorted.at(-1) ?? -1); tick += periodMs) {
    if (!sorted.includes(tick)) gaps.push(tick);
  }
  return gaps;
}
