/**
 * Which ledger lines a node may prune: a task added for one tick would leave its line for ever, 163 MiB a million.
 *
 * Once all of it is older than anything still claimable it goes; a *second floor* at or above it stands in its place,
 * so a node refuses no less. The claim says it, as only added tasks are known since when they count: a pruned task
 * of the code would look new, and what it missed would be made up for by nobody.
 */

import { MAX_ATTEMPTS } from './task-policies.js';

/** A claim id that ends so stands in a line that may be forgotten. No other id does: what is random in them are digits. */
export const PRUNABLE_MARK = '~';

/** Begins the lines of triggers. No task has such a name. */
export const TRIGGER_LINES = '{trigger}';

/** Nobody has the tick, and its line may be forgotten: what a give-back leaves of a claim with the mark. */
export const PRUNABLE_NOBODY = `-${PRUNABLE_MARK}`;

/** A claim stands for up to this many instants. When the last one is below the floor, nothing of its tick can be claimed. */
export const INSTANTS_AFTER_A_CLAIM = MAX_ATTEMPTS;

/** A node forgets nothing younger than this, however short the windows that it is told. Stands in the script. */
export const MIN_WINDOW_MS = 10_000;

/** Lines that one message looks through: what a server does in one piece for it stays under a few ms. */
export const LINES_A_SLICE = 250;

/** A node drops a window when nobody has told it for its own length plus this. */
export const WINDOW_LIFE_MS = 30 * 86_400_000;

/** Lines of what runs once, and of its runs, have braces, and are never forgotten; those of triggers may be. */
export function mayBePruned(line: string): boolean {
  return !line.includes('{') || line.startsWith(TRIGGER_LINES);
}

export function bearsMark(claimId: string): boolean {
  return claimId.endsWith(PRUNABLE_MARK);
}

/** What an instance asks of a node that is to prune old lines. */
export interface PruneRequest {
  /** The oldest instant that this instance may still claim is this long ago. */
  readonly windowMs: number;
  /** A node that has looked through all lines leaves them alone for this long. */
  readonly restMs: number;
}

export interface PruneAnswer {
  /** Lines that are gone. */
  readonly pruned: number;
  /** There are lines that this pass has not looked at yet. */
  readonly isUnfinished: boolean;
}
