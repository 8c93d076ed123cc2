/**
 * What the board makes of the tasks of one instance: which it schedules, when they are due, and what a person should be told.
 * Computed anew from everything that is known, so that the order in which records arrive does not matter.
 */

import type { Board } from '../protocol/board/board.js';
import { controlledSchedule } from '../protocol/controlled-schedule.js';
import type { ControlCondition } from '../protocol/observer.js';
import type { Schedule, ScheduledTask, TickHandler } from '../protocol/tick-context.js';
import type { Blueprints } from './blueprints.js';
import {
  PAUSE,
  type PauseRecord,
  PLAN,
  type PlanRecord,
  type RuntimeTaskRecord,
  recordsOn,
  TASK,
  type Trigger,
  triggersOn,
} from './control-records.js';
import type { CurrentDefinition, DefinitionSets } from './definition-sets.js';
import type { ExclusiveTask } from './exclusive.explorer.js';
import type { ScheduleData } from './schedule-data.js';

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

export interface ControlPlanParts {
  readonly board: Board;
  readonly sets: DefinitionSets;
  /** The decorated tasks of this instance, disabled ones included. */
  readonly own: ReadonlyMap<string, ExclusiveTask>;
  /** What a task that is added at run time may run, by name. */
  readonly handlers: ReadonlyMap<string, TickHandler>;
  readonly blueprints: Blueprints;
}

/** The records of all tasks, read once per plan. */
interface Decisions {
  readonly pauses: ReadonlyMap<string, PauseRecord>;
  readonly plans: ReadonlyMap<string, PlanRecord>;
  readonly triggers: ReadonlyMap<string, readonly Trigger[]>;
}

/** A task before what was decided about it. */
interface Base {
  readonly name: string;
  readonly task: ScheduledTask;
  /** Tells one base from another. */
  readonly words: readonly unknown[];
  readonly sinceMs?: number;
  readonly jitterMs?: number;
}

export class ControlPlan {
  constructor(private readonly parts: ControlPlanParts) {}

  tasks(): ReadonlyMap<string, PlannedTask> {
    const { board, sets, own } = this.parts;
    const decisions = {
      pauses: recordsOn<PauseRecord>(board, PAUSE),
      plans: recordsOn<PlanRecord>(board, PLAN),
      triggers: triggersOn(board),
    };
    const planned = new Map<string, PlannedTask>();
    for (const [name, definition] of sets.current()) {
      const task = own.get(name);
      planned.set(
        name,
        task === undefined
          ? elsewhere(name, definition, decisions)
          : this.planOwn(task, definition, decisions),
      );
    }
    for (const [name, record] of recordsOn<RuntimeTaskRecord>(board, TASK)) {
      // A decorated task of that name has come with a later version, and has the name.
      if (!planned.has(name)) planned.set(name, this.planRuntime(name, record, decisions));
    }
    this.parts.blueprints.keepOnly(planned);
    return planned;
  }

  private planOwn(own: ExclusiveTask, current: CurrentDefinition, decisions: Decisions): PlannedTask {
    const conditions = new Map<ControlCondition, string>();
    const base = this.baseOf(own, current, conditions);
    const planned = this.decide(base, decisions, conditions);
    const { task, ...rest } = planned;
    if (own.disabled) return { ...rest, source: 'code', state: 'disabled' };
    return { ...rest, ...(task === undefined ? {} : { task }), source: 'code' };
  }

  /** By the newest version of the app that has the task, as far as a schedule can travel. */
  private baseOf(
    own: ExclusiveTask,
    current: CurrentDefinition,
    conditions: Map<ControlCondition, string>,
  ): Base {
    const base: Base = { name: own.name, task: own, words: ['own'], jitterMs: own.jitterMs };
    const { isOwn, schedule, jitterMs = 0, firstSeenMs } = current;
    const ownDefinition = this.parts.sets.own.get(own.name);
    if (isOwn || current.fingerprint === ownDefinition?.fingerprint) return base;
    const isSameSchedule =
      JSON.stringify([schedule, jitterMs]) === JSON.stringify([ownDefinition?.schedule, own.jitterMs]);
    if (schedule === undefined || isSameSchedule) {
      conditions.set('follows_newer', 'a newer version defines it otherwise; its schedule is the same');
      return base;
    }
    const made = this.scheduleOf(own, schedule, jitterMs, conditions);
    if (made === undefined) return base;
    conditions.set('follows_newer', `a newer version of the app runs it ${made.description}`);
    return {
      ...base,
      task: { ...own, schedule: made },
      words: ['newer', schedule, jitterMs],
      sinceMs: firstSeenMs,
    };
  }

  private planRuntime(name: string, record: RuntimeTaskRecord, decisions: Decisions): PlannedTask {
    const conditions = new Map<ControlCondition, string>();
    const handler = this.parts.handlers.get(record.runs);
    const alone = { name, source: 'runtime', state: 'left_alone', signature: '', conditions } as const;
    if (handler === undefined) {
      conditions.set('left_alone', `no handler '${record.runs}' is here`);
      return alone;
    }
    try {
      const blueprint = this.parts.blueprints.make(
        name,
        record.schedule,
        record.options,
        'DistributedScheduleRegistry.add',
      );
      const payload = record.payload === undefined ? {} : { payload: record.payload };
      const base: Base = {
        name,
        task: { ...blueprint, ...payload, handler },
        words: ['runtime', record],
        sinceMs: record.sinceMs,
        jitterMs: blueprint.jitterMs,
      };
      return { ...this.decide(base, decisions, conditions), source: 'runtime' };
    } catch (error) {
      conditions.set('left_alone', `its definition cannot be used here: ${messageOf(error)}`);
      return alone;
    }
  }

  /** What was decided about a task at run time, on top of its definition. */
  private decide(
    base: Base,
    { pauses, plans, triggers }: Decisions,
    conditions: Map<ControlCondition, string>,
  ): Omit<PlannedTask, 'source'> {
    const { name, task, words } = base;
    const [pause, plan] = [pauses.get(name), plans.get(name)];
    const own = triggers.get(name) ?? [];
    const isPaused = pause?.paused === true;
    const planned =
      plan === undefined ? undefined : this.scheduleOf(task, plan.schedule, base.jitterMs ?? 0, conditions);
    if (planned !== undefined) conditions.set('rescheduled', planned.description);
    if (isPaused) conditions.set('paused', 'nothing is due until it is resumed or triggered');
    const since = [base.sinceMs, planned === undefined ? undefined : plan?.sinceMs, pause?.sinceMs];
    const sinceMs = since.reduce(
      (latest, one) => (one !== undefined && one > (latest ?? 0) ? one : latest),
      undefined,
    );
    const schedule = planned ?? task.schedule;
    const ticks = own.map(({ tick }) => tick);
    return {
      name,
      state: isPaused ? 'paused' : 'active',
      base: schedule,
      task: {
        ...task,
        schedule: controlledSchedule(schedule, { isPaused, sinceMs, triggers: ticks }),
        ...(sinceMs === undefined ? {} : { countsFromMs: sinceMs }),
        ...(own.length === 0 ? {} : { payloadOf: (tick) => own.find((one) => one.tick === tick)?.payload }),
      },
      signature: JSON.stringify([
        words,
        planned === undefined ? null : plan?.schedule,
        isPaused,
        sinceMs ?? null,
        own,
      ]),
      conditions,
    };
  }

  /** A schedule from the board for a task that there is, or undefined with a word about why not. */
  private scheduleOf(
    task: ScheduledTask,
    schedule: ScheduleData,
    jitterMs: number,
    conditions: Map<ControlCondition, string>,
  ): Schedule | undefined {
    try {
      return this.parts.blueprints.make(
        task.name,
        schedule,
        { jitterMs, ...lateness(task) },
        'a schedule from the board',
      ).schedule;
    } catch (error) {
      conditions.set(
        'unusable',
        `a schedule cannot be used here, so the task keeps its own: ${messageOf(error)}`,
      );
      return undefined;
    }
  }
}

function lateness({ maxLatenessMs }: ScheduledTask): { readonly maxLatenessMs?: number } {
  return maxLatenessMs === undefined ? {} : { maxLatenessMs };
}

/** A task of another version of the app. */
function elsewhere(name: string, { fingerprint }: CurrentDefinition, { pauses }: Decisions): PlannedTask {
  const isPaused = pauses.get(name)?.paused === true;
  const conditions = new Map<ControlCondition, string>([['elsewhere', 'another version of the app has it']]);
  if (isPaused) conditions.set('paused', 'nothing is due until it is resumed or triggered');
  return { name, source: 'code', state: 'left_alone', signature: fingerprint, conditions };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
