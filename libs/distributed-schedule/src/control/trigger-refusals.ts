/** Why a task is not triggered. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { PlannedTask } from './planned-task.js';

/** Others may run it, but an instance that is told to leave it alone has no word in that. */
export function requireEnabled({ name, state }: PlannedTask): void {
  if (state !== 'disabled') return;
  throw new DistributedScheduleError(
    'DSCHED_TASK_DISABLED',
    'it is switched off on this instance, by its option disabled, by ScheduleModule or by a useFactory that gave null, so a ' +
      'trigger might never run. Nothing was written. Trigger it through an instance that has it switched on',
    { task: name, value: name },
  );
}

/** Its tick would pass without a run, and the caller would wait for it. */
export function requireSomebody({ name }: PlannedTask, whyNobodyRuns: string | undefined): void {
  if (whyNobodyRuns === undefined) return;
  throw new DistributedScheduleError(
    'DSCHED_NOBODY_RUNS',
    `${whyNobodyRuns}. Nothing was written. Start an instance that runs it, and repeat the call a few seconds later`,
    { task: name, value: name },
  );
}

export function noRoom(task: string, why: string): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_NO_ROOM', why, { task, value: task });
}

export function tooMany(count: number): string {
  return `it was triggered ${count} times lately, which are as many as are kept`;
}

/** @param isInTime whether all instances have seen the trigger go before it was due */
export function outrun(task: string, tick: number, isInTime: boolean): DistributedScheduleError {
  return isInTime
    ? noRoom(
        task,
        `other instances trigger it at the same time, and have taken all instants that were chosen. ` +
          'Nothing is left of this trigger. Repeat the call',
      )
    : new DistributedScheduleError(
        'DSCHED_NOT_KEPT',
        `the nodes have answered too slowly: its tick ${tick} is nearly due or past and could not be moved clear of another. It ` +
          'may run or not',
        { task, value: tick },
      );
}
