/** What a run of the torture is asked for, and what it answers. */

import type { StartLine } from './messages.js';
import type { Loss } from './striker.js';
import type { Refusals } from './vote-book.js';

export interface TortureSettings {
  readonly seed: number;
  /** Goes on until there were so many of both, but not for longer than `mostMs`. */
  readonly contestedTicks: number;
  readonly losses: number;
  readonly mostMs: number;
  /** Masters of every set. */
  readonly sets: readonly number[];
  /** The same for sets whose clocks step; left out where clocks cannot be set. */
  readonly steppingSets: readonly number[];
  /** The same for sets of which each name has two servers. */
  readonly forkedSets: readonly number[];
  readonly replicas: number;
  /** Ends at the first tick that was started twice. */
  readonly untilDoubled: boolean;
}

export interface TortureResult {
  readonly doubled: readonly (readonly StartLine[])[];
  /** What is known of each doubled tick: starts, votes, losses around it. */
  readonly stories: readonly string[];
  readonly startedTicks: number;
  readonly contestedTicks: number;
  readonly losses: readonly Loss[];
  /** Forgotten grants to winners that others asked for again in vain. */
  readonly refusals: Refusals;
  /** A fault that took no effect, a replica that failed: with any of these the run proves nothing. */
  readonly troubles: readonly string[];
  readonly tookMs: number;
}
