/** A task from decorator to scheduler: what was written, what was made of it, and the method that runs. */

import type { CronJobParams } from 'cron';
import type { TaskPolicies } from '../protocol/contract/task-policies.js';
import type { ScheduledTask } from '../protocol/contract/tick-context.js';
import type { TimeoutDefinition } from '../protocol/timeouts/timeout-agreement.js';
import type { ExclusiveOptions } from './exclusive-task-options.js';

/** A schedule as the decorators were given it: not yet parsed, and with nothing checked. */
export type ScheduleDefinition =
  | { readonly kind: 'every_second' }
  | CronDefinition
  | { readonly kind: 'interval'; readonly periodMs: unknown; readonly name?: string }
  | TimeoutDefinition;

export interface CronDefinition {
  readonly kind: 'cron';
  readonly cronTime: CronJobParams['cronTime'];
  readonly timeZone?: unknown;
  readonly utcOffset?: unknown;
  readonly dst?: unknown;
  readonly name?: string;
  readonly disabled?: boolean;
  /** Of `@Cron`, whose options @Exclusive takes as they are. */
  readonly waitForCompletion?: unknown;
  readonly threshold?: unknown;
  readonly unrefTimeout?: unknown;
  readonly initialDelay?: unknown;
}

/** What a decorator wrote, with nothing checked: there is no app yet, and so no defaults, clock or factory. */
export interface ExclusiveMetadata {
  /** Such as `@CronExclusive`, for messages. */
  readonly decorator: string;
  readonly options: ExclusiveOptions;
  /** Absent where `@Exclusive` has found no schedule to take over. */
  readonly schedule?: ScheduleDefinition;
  /** Gives the value that is missing in `schedule`, when the app boots. */
  readonly factory?: unknown;
}

/** A task that was checked and has its defaults. One from the board has no handler before it is planned. */
export interface TaskBlueprint extends Omit<ScheduledTask, 'handler'> {
  readonly policies: TaskPolicies;
  readonly definition: ScheduleDefinition;
  readonly disabled: boolean;
  readonly jitterMs: number;
  /** Each run makes its provider anew. */
  readonly perTick: boolean;
  /** `ClassName.method`, for messages. */
  readonly origin: string;
}

/** The same with its method: ready to be scheduled. */
export type ExclusiveTask = TaskBlueprint & ScheduledTask;
