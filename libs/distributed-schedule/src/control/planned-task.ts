/** A task as one instance plans it, and the ways in which it is not this instance's to run. */

import type { ControlCondition } from '../protocol/contract/observer.js';
import type { Schedule, ScheduledTask } from '../protocol/contract/tick-context.js';
import { type AppClaim, isBefore, leftToApp } from './app-claims.js';

/** Whether a task is due at all, and if not here, why. */
export type TaskState = 'active' | 'paused' | 'disabled' | 'left_alone';

export interface PlannedTask {
  readonly name: string;
  /** `code`: decorated, in this version of the app or in another one that runs. `runtime`: added by the registry. */
  readonly source: 'code' | 'runtime';
  readonly state: TaskState;
  /** Absent where this instance has no handler for it or is not to run it. */
  readonly task?: ScheduledTask;
  /** Without pauses and triggers. Absent where this instance cannot make it. */
  readonly base?: Schedule;
  /** Equal for equal tasks. */
  readonly signature: string;
  /** What holds for the task, with what to say of it. */
  readonly conditions: ReadonlyMap<ControlCondition, string>;
}

/** What holds for a task, with what to say of it; filled while the task is planned. */
export type Conditions = Map<ControlCondition, string>;

/** Whether another app has the name, and had it first. Where it came second, that is worth a word here too. */
export function isOthers(rival: AppClaim, own: AppClaim, conditions: Conditions): boolean {
  const isRivalFirst = isBefore(rival, own);
  const shared = `app '${rival.app}' has a task of this name too, and leaves it alone. Rename one of the two`;
  if (isRivalFirst) conditions.set('other_app', leftToApp(rival));
  else conditions.set('name_shared', shared);
  return isRivalFirst;
}

export function leftAlone(name: string, source: PlannedTask['source'], conditions: Conditions): PlannedTask {
  return { name, source, state: 'left_alone', signature: '', conditions };
}

export function elsewhere(name: string, isPaused: boolean): PlannedTask {
  const conditions: Conditions = new Map([['elsewhere', 'another version of the app has it']]);
  if (isPaused) conditions.set('paused', 'nothing is due until it is resumed or triggered');
  return leftAlone(name, 'code', conditions);
}
