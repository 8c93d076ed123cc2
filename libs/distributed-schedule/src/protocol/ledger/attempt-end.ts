/**
 * How attempts at ticks have ended, as nodes keep it beside the claims: by it the others know that an instance which died had nothing left
 * to do. The message that releases a lock writes it, also where the lock is not the caller's any more. It decides no start.
 */

import { EARLY_MS } from '../constants.js';
import type { Outcome } from '../outcome.js';

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

/** Of a line at most, since each costs time in every release. Runs that may overlap end in any order; of others the newest would do. */
export const MOST_ENDS = 16;

/** All but the newest of a line are dropped after this, ms of node time: by then whoever died with an open run has been told. */
export const ENDS_KEPT_MS = 60_000;

/** What a node keeps when these ends come. The model of the release in lock-scripts.ts. */
export function withEnds(
  { droppedUpTo, ends }: KeptEnds,
  news: readonly AttemptEnd[],
  nowMs: number,
): KeptEnds {
  const ids = new Set(news.map(({ claimId }) => claimId));
  // A message that comes twice, or the next attempt under the same claim.
  const kept: KeptEnd[] = ends.filter(({ claimId }) => !ids.has(claimId));
  for (const { instant, claimId, outcome } of news) kept.push({ atMs: nowMs, instant, claimId, outcome });
  let dropped = droppedUpTo;
  while (kept.length > MOST_ENDS || (kept.length > 1 && (kept[0]?.atMs ?? nowMs) < nowMs - ENDS_KEPT_MS))
    dropped = Math.max(dropped, kept.shift()?.instant ?? 0);
  // What a clock showed that was set back since would hide the runs of a day, or of a year.
  return { droppedUpTo: Math.min(dropped, nowMs + EARLY_MS), ends: kept };
}
