/** One running version of an app: its decorated tasks, a board, and what is planned for them. */

import { roomOf } from '#src/control/app-claims.js';
import { Blueprints } from '#src/control/blueprints.js';
import { ControlReconciler } from '#src/control/control.reconciler.js';
import { ControlPlan } from '#src/control/control-plan.js';
import { watchDecisions } from '#src/control/control-watch.js';
import { definitionSetOf } from '#src/control/definition-set.js';
import { DefinitionSets } from '#src/control/definition-sets.js';
import { FrequencyComparisons } from '#src/control/frequency-comparisons.js';
import type { PlannedTask } from '#src/control/planned-task.js';
import { PlanningSlices } from '#src/control/planning-slices.js';
import { SetsOnBoard } from '#src/control/sets-on-board.js';
import { TaskControl } from '#src/control/task-control.js';
import { TaskTrigger } from '#src/control/task-trigger.js';
import { VersionRule } from '#src/control/version-rule.js';
import type { Board } from '#src/protocol/board/board.js';
import { BoardRoom } from '#src/protocol/board/board-room.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { ScheduledTask, TickHandler } from '#src/protocol/contract/tick-context.js';
import type { ExclusiveTask } from '#src/tasks/exclusive-task.js';
import type { ExclusiveTaskOptions } from '#src/tasks/exclusive-task-options.js';
import type { ScheduleDefinition } from '#src/tasks/schedule-definition.js';
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
  readonly blueprints: Blueprints;
  readonly control: TaskControl;
  readonly trigger: TaskTrigger;
  private readonly reconciler: ControlReconciler;
  private readonly sets: DefinitionSets;
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
      return { ...blueprint, origin: `Chores.${name}`, handler: () => undefined } as ExclusiveTask;
    });
    const own = new Map(tasks.map((task) => [task.name, task]));
    const known = new Map<string, TickHandler>(
      [...tasks.map(({ name }) => name), ...handlers].map((name) => [name, () => name]),
    );
    this.sets = new DefinitionSets(this.board, app, definitionSetOf(tasks), new SetsOnBoard(this.board));
    const blueprints = new Blueprints(() => ({ nowMs: stage.clock.wallMs(), defaults: {} }), BID_STAGGER_MS);
    this.blueprints = blueprints;
    const desk = new FrequencyComparisons(
      stage.clock,
      () => this.reconciler.reconcile(),
      new AbortController().signal,
    );
    const plan = new ControlPlan({
      board: this.room,
      sets: this.sets,
      versions: new VersionRule(followMoreFrequent, desk),
      own,
      handlers: known,
      blueprints,
    });
    const scheduler = {
      add: (task: ScheduledTask) => void this.scheduled.set(task.name, task),
      replace: (task: ScheduledTask) => void this.scheduled.set(task.name, task),
      remove: (name: string) => void this.scheduled.delete(name),
    };
    const observer = {
      observe: (event: ScheduleEvent) => void (event.type === 'control' && this.events.push(event)),
    };
    this.reconciler = new ControlReconciler(plan, scheduler, observer);
    const decisions = {
      board: this.room,
      clock: stage.clock,
      tasks: () => this.reconciler.tasks,
      app,
      rivalOf: (name: string) => this.sets.rivals().get(name),
    };
    const names = new Set(known.keys());
    this.control = new TaskControl({
      ...decisions,
      blueprints,
      bidStaggerMs: BID_STAGGER_MS,
      handlers: names,
    });
    this.trigger = new TaskTrigger({
      ...decisions,
      random: new SeededRandom(stage.boards.length),
      bidStaggerMs: BID_STAGGER_MS,
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
    version.reconciler.reconcile();
    const planning = new PlanningSlices({
      reconciler: version.reconciler,
      clock: stage.clock,
      stopped: new AbortController().signal,
      onError: (error) => {
        throw error;
      },
    });
    watchDecisions({ board: version.board, app: version.sets.app, sets: version.sets }, (names) =>
      planning.news(names),
    );
    void version.keep();
    return version;
  }

  task(name: string): PlannedTask {
    const planned = this.reconciler.tasks.get(name);
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
      if (this.board.isCurrent) this.sets.keepAlive();
      await clock.sleepUntil(clock.monotonicMs() + KEEP_EVERY_MS);
    }
  }
}
