/** Ticks that stand in line behind a run on another instance: only that one may start them, and it takes them along when it dies. Pure. */

import type { PeekAnswer } from '../contract/line-past.js';
import type { TickReport } from '../contract/outcome.js';

/** The pause between two looks grows with the time that the tick has waited. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;
const MAX_WAIT_MS = 600_000;

/** Pause before the next look; undefined: none follows. After the longest pause a dead instance is no member any more. */
export function pauseInLineMs(waitedMs: number, wasPassed: boolean): number | undefined {
  if (waitedMs > MAX_WAIT_MS) return undefined;
  return wasPassed ? MAX_PAUSE_MS : Math.min(Math.max(MIN_PAUSE_MS, waitedMs / 2), MAX_PAUSE_MS);
}

/** A holder that has just died is still a member: others claim the next tick before they know of its death. */
export function wasPassedInLine(report: TickReport | undefined, peek: PeekAnswer | undefined): boolean {
  return report?.outcome === 'buffered' && peek?.kind === 'taken' && peek.claimId === undefined;
}
