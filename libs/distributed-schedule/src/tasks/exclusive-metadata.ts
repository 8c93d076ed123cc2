import type { ExclusiveOptions } from './exclusive-task-options.js';
import type { ScheduleDefinition } from './schedule-definition.js';

/** What an exclusive decorator wrote. */
export interface ExclusiveMetadata {
  /** Such as `@CronExclusive`, for messages. */
  readonly decorator: string;
  readonly options: ExclusiveOptions;
  /** Absent where `@Exclusive` has found no schedule to take over. */
  readonly schedule?: ScheduleDefinition;
  /** Gives the value that is missing in `schedule`, when the app boots. Only whoever asks it knows what it is. */
  readonly factory?: unknown;
}
