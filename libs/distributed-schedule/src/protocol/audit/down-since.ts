/** From where on the ticks of a task count as missed when an instance comes back. Pure. */

import { newestInstant, type PeekAnswer } from '../contract/line-past.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { tickOfInstant } from '../policies/next-start.js';

/** What came due after it was missed. */
export interface Since {
  /** The newest tick that was claimed, or the beginning of the task. */
  readonly afterMs: number;
  readonly certain: boolean;
  /** By node clocks: what they would still grant at that time may be run by an instance that slept. */
  readonly nodeTimeMs: number;
}

/** Undefined where nothing that was due is known to be missed. */
export function sinceOf(task: ScheduledTask, peek: PeekAnswer | undefined): Since | undefined {
  const { schedule, countsFromMs } = task;
  if (peek?.past.canTell !== true || peek.past.closedBy === 'floor') return undefined;
  const { possiblyGrantedUpTo, prunedUpTo, nodeTimeMs } = peek.past;
  const newest = newestInstant(peek.past);
  if (countsFromMs !== undefined && countsFromMs > newest) {
    // What nodes have pruned is old, and may have run; what came after it they would know.
    const afterMs = Math.max(countsFromMs - 1, prunedUpTo);
    // Where a node has forgotten since then, or knows what others do not, the task may have run.
    return { afterMs, certain: possiblyGrantedUpTo <= afterMs, nodeTimeMs };
  }
  // A task that the ledger does not know has missed nothing, and what is due by another schedule now is not known.
  if (tickOfInstant(schedule, newest) === undefined) return undefined;
  // If one node knows a later instant, it may come from another set or an absent majority: not certain.
  return { afterMs: newest, certain: possiblyGrantedUpTo <= newest, nodeTimeMs };
}
