/** What control goes by on one instance: what it is given, and what is made of that. */

import type { BoardView } from '../protocol/board/board-room.js';
import type { ScheduleObserver } from '../protocol/contract/observer.js';
import type { Clock, Random } from '../protocol/contract/ports.js';
import type { TickHandler } from '../protocol/contract/tick-context.js';
import type { Scheduler } from '../protocol/scheduler/scheduler.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import type { BuildContext } from '../tasks/schedule.factory.js';
import type { Blueprints } from './blueprints.js';
import type { DefinitionSets } from './definition-sets.js';
import type { PlannedTask } from './planned-task.js';
import type { SetsOnBoard } from './sets-on-board.js';

/** Its ports, its options, and what stands in its code. */
export interface ControlParts {
  readonly board: BoardView;
  /** The records of this app on it. */
  readonly room: BoardView;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  readonly random: Random;
  readonly observer: ScheduleObserver;
  readonly scheduler: Pick<Scheduler, 'add' | 'replace' | 'remove'>;
  readonly setsOnBoard: SetsOnBoard;
  readonly app: string;
  readonly bidStaggerMs: number;
  readonly followMoreFrequent: boolean;
  /** The decorated tasks of this instance, disabled ones included. */
  readonly own: ReadonlyMap<string, ExclusiveTask>;
  /** What a task that is added at run time may run, by name. */
  readonly handlers: ReadonlyMap<string, TickHandler>;
  readonly buildContext: () => BuildContext;
  /** Undefined where some instance runs the task, as far as can be seen. */
  readonly whyNobodyRuns: (task: PlannedTask) => string | undefined;
  readonly stopped: AbortSignal;
}

export interface ControlContext extends ControlParts {
  readonly sets: DefinitionSets;
  readonly blueprints: Blueprints;
  readonly tasks: () => ReadonlyMap<string, PlannedTask>;
}
