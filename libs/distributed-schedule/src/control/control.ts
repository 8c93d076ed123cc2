/** Control at run time on one instance, put together: what the board says is planned, brought to the scheduler, and decided. */

import {
  isInRoom,
  PAUSE,
  PLAN,
  roomPrefix,
  SET,
  TASK,
  TRIGGER,
  taskOfDecision,
} from '../protocol/board/board-keys.js';
import { roomOf } from './app-claims.js';
import { Blueprints } from './blueprints.js';
import { ControlReconciler } from './control.reconciler.js';
import type { ControlContext, ControlParts } from './control-context.js';
import { ControlPlan } from './control-plan.js';
import { definitionSetOf } from './definition-set.js';
import { DefinitionSets } from './definition-sets.js';
import { FrequencyComparisons } from './frequency-comparisons.js';
import type { PlannedTask } from './planned-task.js';
import { PlanningSlices } from './planning-slices.js';
import { RunRecords } from './run-records.js';
import { TaskControl } from './task-control.js';
import { TaskTrigger } from './task-trigger.js';
import { VersionRule } from './version-rule.js';

const DECISIONS = [PAUSE, PLAN, TASK, TRIGGER];

export class Control {
  readonly sets: DefinitionSets;
  readonly blueprints: Blueprints;
  readonly runs: RunRecords;
  /** Decisions for the whole cluster. */
  readonly decide: TaskControl;
  readonly trigger: TaskTrigger;
  readonly planning: PlanningSlices;
  private readonly reconciler: ControlReconciler;

  constructor(private readonly parts: ControlParts) {
    const { board, room, own, app, clock } = parts;
    this.sets = new DefinitionSets(board, app, definitionSetOf([...own.values()]), parts.setsOnBoard);
    this.blueprints = new Blueprints(parts.buildContext, parts.bidStaggerMs);
    const { sets, blueprints } = this;
    const context: ControlContext = { ...parts, sets, blueprints, tasks: () => this.tasks };
    const comparisons = new FrequencyComparisons(clock, () => this.planning.news(), parts.stopped);
    const plan = new ControlPlan(context, new VersionRule(parts.followMoreFrequent, comparisons));
    this.reconciler = new ControlReconciler(plan, parts.scheduler, parts.observer);
    this.planning = new PlanningSlices(this.reconciler, parts);
    this.runs = new RunRecords(
      room,
      (task) => own.has(task),
      () => this.tasks.size,
    );
    this.decide = new TaskControl(context);
    this.trigger = new TaskTrigger(context);
  }

  /** Plans the tasks, brings the scheduler to that, and from now on to each change of the board. */
  start(): void {
    this.reconciler.reconcile();
    this.watch();
  }

  get tasks(): ReadonlyMap<string, PlannedTask> {
    return this.reconciler.tasks;
  }

  /** Plans anew what was decided about, or all where that is not known. Most changes are neither: instances tell of themselves. */
  private watch(): void {
    const { board, app } = this.parts;
    const own = roomPrefix(roomOf(app));
    const isDecision = (key: string): boolean =>
      key.startsWith(own) && DECISIONS.some((prefix) => key.startsWith(prefix, own.length));
    // Of every app: the task may have a name that this one has.
    const isOfAll = (key: string): boolean =>
      key.startsWith(SET) || (isInRoom(key, TASK) && !key.startsWith(own));
    let living = this.sets.signature();
    board.watch((keys) => {
      const before = living;
      living = this.sets.signature();
      if (before !== living || [...keys].some(isOfAll)) return this.planning.news();
      const tasks = [...keys].filter(isDecision).map((key) => taskOfDecision(key.slice(own.length)));
      if (tasks.length > 0) this.planning.news(tasks);
    });
  }
}
