/** Ticks that stand in line behind a run on another instance: only that one may start them, and it takes them along when it dies. Pure. */

import type { PeekAnswer } from '../contract/line-past.js';
import type { TickReport } from '../contract/outcome.js';

/** They are looked at after pauses that grow with what they have waited, ms, and not for ever. */
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/** When to look again, ms from now; undefined: not any more. A dead instance is no member any more after the longest pause. */
export function pauseInLineMs(waitedMs: number, wasPassed: boolean): number | undefined {
  if (waitedMs > LONGEST_WAIT_MS) return undefined;
  return wasPassed ? LONGEST_PAUSE_MS : Math.min(Math.max(SHORTEST_PAUSE_MS, waitedMs / 2), LONGEST_PAUSE_MS);
}

/** Whose lock is free may be dead, and a member still: the others claim the next tick before they know. */
export function wasPassedInLine(report: TickReport | undefined, peek: PeekAnswer | undefined): boolean {
  return report?.outcome === 'buffered' && peek?.kind === 'taken' && peek.claimId === undefined;
}
