/** Ranks as they were computed last: each tick of each task asks, and the answer changes only with the instances that run the task. */

import type { Placement } from '../contract/tick-context.js';
import { type LabelsOf, rankOf } from './ranking.js';

interface Remembered {
  readonly members: readonly string[];
  readonly rank: number | undefined;
}

/** The ranks of one instance. */
export class RememberedRanks {
  private readonly byTask = new Map<string, Remembered>();

  /** As {@link rankOf}. What depends on labels is computed anew, since those may change at any time. */
  rankOf(
    task: string,
    instanceId: string,
    members: readonly string[],
    placement?: Placement,
    labelsOf?: LabelsOf,
  ): number | undefined {
    if (placement !== undefined) return rankOf(task, instanceId, members, placement, labelsOf);
    const before = this.byTask.get(task);
    if (before !== undefined && areSame(before.members, members)) return before.rank;
    const rank = rankOf(task, instanceId, members);
    this.byTask.set(task, { members, rank });
    return rank;
  }

  drop(task: string): void {
    this.byTask.delete(task);
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((member, index) => member === other[index]);
}
