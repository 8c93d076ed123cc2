/** Whether somebody has said that a tick did not run, and why. Pure. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { Miss } from './misses.js';
import type { Evidence } from './row.js';

const SECOND_MS = 1_000;

/** What says nothing about why it did not run: that somebody else has it, or that the speaker does not take part. */
const SILENT_WORDS: ReadonlySet<string> = new Set(['taken', 'stopped']);

/** After the tick. A death shows after 3 to 5 s, and whoever tells of it may have to wait for the board. */
const TOLD_WITHIN_MS = 15_000;

/**
 * Misses of which every instance says no more, in that time, than that the tick is somebody else's. Those of the last seconds are left out: the
 * audit waits until nothing can change any more.
 */
export function untoldMisses(
  misses: readonly Miss[],
  { outcomes, lastTick, facts: { epochOffsetMs } }: Evidence,
): readonly Miss[] {
  const old = misses.filter(({ tick }) => tick <= lastTick - TOLD_WITHIN_MS);
  const isTold = (miss: Miss): boolean => {
    // Where nobody was there it is told when somebody is.
    const withinMs = miss.reason === 'all unable' ? Number.POSITIVE_INFINITY : TOLD_WITHIN_MS;
    const untilMs = miss.tick - epochOffsetMs + withinMs;
    return outcomes.some(
      (line) => !SILENT_WORDS.has(line.said) && isAbout(line, miss) && line.monotonicMs <= untilMs,
    );
  };
  return old.filter((miss) => !isTold(miss));
}

/** The audit tells several ticks at once that were missed while no instance was there. */
function isAbout({ task, tick, ticks = 1 }: OutcomeLine, miss: Miss): boolean {
  return task === miss.task && miss.tick <= tick && miss.tick > tick - ticks * SECOND_MS;
}
