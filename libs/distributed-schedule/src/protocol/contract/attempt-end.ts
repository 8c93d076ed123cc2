/** How attempts ended, kept beside claims: others see that a dead instance had nothing left to do. It decides no start. */

import { EARLY_MS } from './constants.js';
import type { Outcome } from './outcome.js';

export interface AttemptEnd {
  /** The instant of the ledger that the attempt had claimed. */
  readonly instant: number;
  readonly claimId: string;
  readonly outcome: Outcome;
}

/** The ends of attempts in one line of the ledger. */
export interface LineEnds {
  readonly line: string;
  readonly ends: readonly AttemptEnd[];
  /** Runs of the task may go on beside each other, so they end in any order. */
  readonly mayOverlap?: true;
}

/** An end on a node. */
export interface KeptEnd extends AttemptEnd {
  /** Node time at which it was written. */
  readonly atMs: number;
}

/** What one node keeps of a line, oldest first. */
export interface KeptEnds {
  /** Ends up to this instant may have been dropped; 0: none was. */
  readonly droppedUpTo: number;
  readonly ends: readonly KeptEnd[];
}

export const NO_ENDS: KeptEnds = { droppedUpTo: 0, ends: [] };

/** Of a line whose runs may overlap, at most. Each costs time in every release. */
export const MAX_ENDS = 16;

/** For other lines. Give-backs and closings write ends too: with two, a run's end could go before the audit asks. */
export const MAX_ENDS_IN_TURN = 4;

/** Node time after which all but a line's newest end are dropped: by then a death with an open run has been told. */
export const ENDS_KEPT_MS = 60_000;

/** What a node keeps when these ends come. The model of the release in release-script.ts. */
export function withEnds(
  { droppedUpTo, ends }: KeptEnds,
  { ends: news, mayOverlap }: Omit<LineEnds, 'line'>,
  nowMs: number,
): KeptEnds {
  const most = mayOverlap === true ? MAX_ENDS : MAX_ENDS_IN_TURN;
  const ids = new Set(news.map(({ claimId }) => claimId));
  // A message that comes twice, or the next attempt under the same claim.
  const kept: KeptEnd[] = ends.filter(({ claimId }) => !ids.has(claimId));
  for (const { instant, claimId, outcome } of news) kept.push({ atMs: nowMs, instant, claimId, outcome });
  let dropped = droppedUpTo;
  while (kept.length > most || (kept[0]?.atMs ?? nowMs) < nowMs - ENDS_KEPT_MS)
    dropped = Math.max(dropped, kept.shift()?.instant ?? 0);
  // Capped at now: an instant from a clock that was set back would hide the ends of a day, or a year.
  return { droppedUpTo: Math.min(dropped, nowMs + EARLY_MS), ends: kept };
}
