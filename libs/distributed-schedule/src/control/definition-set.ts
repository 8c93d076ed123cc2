/** What one version of an app says about its tasks. */

import type { TaskBlueprint } from '../tasks/exclusive-task.js';
import { dataOf, type ScheduleData } from '../tasks/schedule-data.js';
import { sha256Hex } from '../tasks/sha256.js';

/** One task as a version tells others of it: what travels, and hashes of what only its code has. */
export interface TaskDefinition {
  /** Hash of everything that says when and how it runs. */
  readonly fingerprint: string;
  /** Hash of how it runs: policies, placement and lateness limit. */
  readonly terms: string;
  /** Absent where only the code can tell. */
  readonly schedule?: ScheduleData;
  readonly jitterMs?: number;
  /** It runs once per deployment key, and each deployment has its own. */
  readonly isTimeout?: true;
  readonly isOff?: true;
}

export type DefinitionSet = ReadonlyMap<string, TaskDefinition>;

export function definitionSetOf(tasks: readonly TaskBlueprint[]): DefinitionSet {
  return new Map(tasks.map((task) => [task.name, taskDefinitionOf(task)]));
}

function taskDefinitionOf(task: TaskBlueprint): TaskDefinition {
  const { definition, schedule, policies, placement, maxLatenessMs, jitterMs, disabled } = task;
  const data = dataOf(definition);
  const terms = [policies, placement ?? null, maxLatenessMs ?? null];
  return {
    fingerprint: hashOf([data ?? schedule.description, jitterMs, ...terms]),
    terms: hashOf(terms),
    ...(data === undefined ? {} : { schedule: data }),
    ...(jitterMs > 0 ? { jitterMs } : {}),
    ...(definition.kind === 'timeout' ? { isTimeout: true } : {}),
    ...(disabled ? { isOff: true } : {}),
  };
}

function hashOf(facts: readonly unknown[]): string {
  return sha256Hex(JSON.stringify(facts)).slice(0, 16);
}
