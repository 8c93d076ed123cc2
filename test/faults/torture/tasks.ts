/** What is due in the torture, and when the instances come to it. */

import type { Random } from '#src/protocol/contract/ports.js';

export interface TortureTask {
  readonly name: string;
  readonly periodMs: number;
  readonly phaseMs: number;
  readonly maxLatenessMs: number;
}

const FAST: TortureTask = { name: 'fast', periodMs: 20, phaseMs: 0, maxLatenessMs: 10 };

/** Tasks with the same period, in turns, so that at any moment some of them are claimed and not yet settled. */
function inTurns(name: string, count: number, periodMs: number): readonly TortureTask[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${name}-${index + 1}`,
    periodMs,
    phaseMs: Math.round(((index + 1 / 2) * periodMs) / count),
    maxLatenessMs: periodMs / 2,
  }));
}

/**
 * One task with a tick every 20 ms, whose ticks are over before a killed server is back: it meets losses by DEL. Tasks
 * whose ticks stay open for about as long as a restart takes, and tasks whose ticks outlast a clock that steps
 * back and a machine that is busy.
 */
export const TASKS: readonly TortureTask[] = [
  FAST,
  ...inTurns('wide', 8, 400),
  ...inTurns('patient', 20, 2_000),
];

/** When an instance first bids for a tick, relative to the tick. */
export interface Approach {
  readonly offsetMs: number;
}

/** A fast clock: further ahead than any floor that such a claim could be lost under. */
export const MAX_LEAD_MS = 1_300;
const EARLY_LEAD_MS = 79;
const USUAL_LEAD_MS = 30;

const FAST_CLOCK_SHARE = 0.04;
const EARLY_SHARE = 0.12;
const LATE_SHARE = 0.3;

/** Most come together; some are early, some late (a busy process), and a few have a clock that is far ahead. */
export function approachTo(task: TortureTask, random: Random): Approach {
  const kind = random.next();
  const share = random.next();
  if (kind < FAST_CLOCK_SHARE) return { offsetMs: -MAX_LEAD_MS };
  if (kind < FAST_CLOCK_SHARE + EARLY_SHARE) return { offsetMs: -EARLY_LEAD_MS };
  if (kind < FAST_CLOCK_SHARE + EARLY_SHARE + LATE_SHARE) return { offsetMs: share * task.maxLatenessMs };
  return { offsetMs: -USUAL_LEAD_MS };
}
