/** One running version of an app: its decorated tasks, a board, and what is planned for them. */

import { roomOf } from '#src/control/app-claims.js';
import { Control } from '#src/control/control.js';
import type { PlannedTask } from '#src/control/planned-task.js';
import { SetsOnBoard } from '#src/control/sets-on-board.js';
import type { TaskControl } from '#src/control/task-control.js';
import type { TaskTrigger } from '#src/control/task-trigger.js';
import type { Board } from '#src/protocol/board/board.js';
import { BoardRoom } from '#src/protocol/board/board-room.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { ScheduledTask, TickHandler } from '#src/protocol/contract/tick-context.js';
import type { ExclusiveTask, ScheduleDefinition } from '#src/tasks/exclusive-task.js';
import type { ExclusiveTaskOptions } from '#src/tasks/exclusive-task-options.js';
import { createTaskBlueprint } from '#src/tasks/task-blueprint.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import type { BoardStage } from '../protocol/board/board-stage.js';

export type Definitions = Readonly<Record<string, ScheduleDefinition>>;

export const cron = (cronTime: string): ScheduleDefinition => ({ kind: 'cron', cronTime, timeZone: 'UTC' });
export const everyMs = (periodMs: number): ScheduleDefinition => ({ kind: 'interval', periodMs });

const BID_STAGGER_MS = 100;
const KEEP_EVERY_MS = 800;

export interface VersionOptions {
  readonly app?: string;
  readonly followMoreFrequent?: boolean;
  /** Options of each task's decorator. */
  readonly options?: ExclusiveTaskOptions;
}

export class Version {
  readonly board: Board;
  /** The records of this app. */
  readonly room: BoardRoom;
  readonly events: Extract<ScheduleEvent, { type: 'control' }>[] = [];
  /** What the scheduler has. */
  readonly scheduled = new Map<string, ScheduledTask>();
  private readonly all: Control;
  private isRunning = true;

  private constructor(
    private readonly stage: BoardStage,
    definitions: Definitions,
    handlers: readonly string[],
    { app = 'shop', followMoreFrequent = false, options = {} }: VersionOptions,
  ) {
    this.board = stage.join();
    this.room = new BoardRoom(this.board, roomOf(app));
    const nowMs = stage.clock.wallMs();
    const tasks = Object.entries(definitions).map(([name, schedule]): ExclusiveTask => {
      const metadata = { decorator: '@CronExclusive', options: { ...options, name }, schedule };
      const blueprint = createTaskBlueprint(
        metadata,
        { className: 'Chores', method: name },
        { nowMs, defaults: {} },
      );
      return { ...blueprint, handler: () => undefined };
    });
    const own = new Map(tasks.map((task) => [task.name, task]));
    const known = new Map<string, TickHandler>(
      [...tasks.map(({ name }) => name), ...handlers].map((name) => [name, () => name]),
    );
    this.all = new Control({
      ...{ board: this.board, room: this.room, clock: stage.clock, app, followMoreFrequent, own },
      random: new SeededRandom(stage.boards.length),
      observer: { observe: (event) => this.observe(event) },
      scheduler: {
        add: (task) => void this.scheduled.set(task.name, task),
        replace: (task) => void this.scheduled.set(task.name, task),
        remove: (name) => void this.scheduled.delete(name),
      },
      setsOnBoard: new SetsOnBoard(this.board),
      bidStaggerMs: BID_STAGGER_MS,
      handlers: known,
      buildContext: () => ({ nowMs: stage.clock.wallMs(), defaults: {} }),
      whyNobodyRuns: () => undefined,
      stopped: new AbortController().signal,
    });
  }

  static async start(
    stage: BoardStage,
    definitions: Definitions,
    handlers: readonly string[] = [],
    options: VersionOptions = {},
  ): Promise<Version> {
    const version = new Version(stage, definitions, handlers, options);
    await stage.clock.advance(20);
    version.all.start();
    void version.keep();
    return version;
  }

  get control(): TaskControl {
    return this.all.decide;
  }

  get trigger(): TaskTrigger {
    return this.all.trigger;
  }

  get blueprints(): Control['blueprints'] {
    return this.all.blueprints;
  }

  task(name: string): PlannedTask {
    const planned = this.all.tasks.get(name);
    if (planned === undefined) throw new Error(`no task ${name}`);
    return planned;
  }

  /** When the scheduler of this instance takes the task to be due next. */
  nextTick(name: string): string | undefined {
    const tick = this.scheduled.get(name)?.schedule.nextAfter(this.stage.clock.wallMs());
    return tick === undefined ? undefined : new Date(tick).toISOString().slice(11, 23);
  }

  /** As `kill -9` does. */
  async die(): Promise<void> {
    this.isRunning = false;
    const stopped = this.board.stop();
    await this.stage.clock.advance(20);
    await stopped;
  }

  private async keep(): Promise<void> {
    const { clock } = this.stage;
    while (this.isRunning) {
      if (this.board.isCurrent) this.all.sets.keepAlive();
      await clock.sleepUntil(clock.monotonicMs() + KEEP_EVERY_MS);
    }
  }
  private observe(event: ScheduleEvent): void {
    if (event.type === 'control') this.events.push(event);
    // What stops the planning of all tasks, and not of one.
    if (event.type === 'error' && event.where === 'control') throw event.error;
  }
}
