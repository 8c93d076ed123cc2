import type { TickHandler } from '../protocol/contract/tick-context.js';
import type { TaskBlueprint } from './task-blueprint.js';

/** An exclusive method of this app, ready to be scheduled. */
export interface ExclusiveTask extends TaskBlueprint {
  /** `ClassName.method`, for messages. */
  readonly origin: string;
  readonly handler: TickHandler;
}
