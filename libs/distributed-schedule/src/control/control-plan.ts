/**
 * What the board makes of the tasks of one instance: which it schedules, when they are due, and what a person should be told.
 * Each task is computed anew from everything that is known, so that the order in which records arrive does not matter.
 */

import { TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { Schedule, ScheduledTask, TickHandler } from '../protocol/contract/tick-context.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import type { AppClaim } from './app-claims.js';
import type { Blueprints } from './blueprints.js';
import { type RuntimeTaskRecord, recordOn } from './control-records.js';
import {
  type Base,
  type Decisions,
  decidedTask,
  isPaused,
  messageOf,
  readDecisions,
} from './decided-task.js';
import type { CurrentDefinition, DefinitionSets } from './definition-sets.js';
import { type Conditions, elsewhere, isOthers, leftAlone, type PlannedTask } from './planned-task.js';
import type { VersionRule } from './version-rule.js';

export interface ControlPlanParts {
  /** The records of this app. */
  readonly board: BoardView;
  readonly sets: DefinitionSets;
  readonly versions: VersionRule;
  /** The decorated tasks of this instance, disabled ones included. */
  readonly own: ReadonlyMap<string, ExclusiveTask>;
  /** What a task that is added at run time may run, by name. */
  readonly handlers: ReadonlyMap<string, TickHandler>;
  readonly blueprints: Blueprints;
}

export class ControlPlan {
  private current: ReadonlyMap<string, CurrentDefinition> = new Map();
  /** Names that another app has. */
  private rivals: ReadonlyMap<string, AppClaim> = new Map();

  constructor(private readonly parts: ControlPlanParts) {}

  /** The names of all tasks. Looks anew at which versions and apps there are, which {@link taskOf} then goes by. */
  names(): ReadonlySet<string> {
    const { board, sets, blueprints } = this.parts;
    this.current = sets.current();
    this.rivals = sets.rivals();
    const added = board.list(TASK).map(({ key }) => key.slice(TASK.length));
    const names = new Set([...this.current.keys(), ...added]);
    blueprints.keepOnly(names);
    return names;
  }

  /** What stands on the board now, for all tasks that are planned before it changes. */
  decisions(): Decisions {
    return readDecisions(this.parts.board);
  }

  /** Undefined where there is no task of that name any more. */
  taskOf(name: string, decisions: Decisions): PlannedTask | undefined {
    const { board, own, blueprints } = this.parts;
    const definition = this.current.get(name);
    const task = own.get(name);
    // A decorated task of the name of an added one has come with a later version, and has the name.
    if (definition !== undefined && task !== undefined) return this.planOwn(task, definition, decisions);
    if (definition !== undefined) return elsewhere(name, isPaused(name, decisions));
    const record = recordOn<RuntimeTaskRecord>(board, `${TASK}${name}`);
    if (record !== undefined) return this.planRuntime(name, record, decisions);
    blueprints.forget(name);
    return undefined;
  }

  /** Forgets what was made for tasks that were refused, once there are many. */
  tidy(planned: ReadonlyMap<string, PlannedTask>, mostRefused: number): void {
    const { blueprints } = this.parts;
    if (blueprints.size > planned.size + mostRefused) blueprints.keepOnly(planned);
  }

  private planOwn(own: ExclusiveTask, current: CurrentDefinition, decisions: Decisions): PlannedTask {
    const conditions: Conditions = new Map();
    const { name } = own;
    const rival = own.disabled ? undefined : this.rivals.get(name);
    if (rival !== undefined && isOthers(rival, this.parts.sets.claimOf(name), conditions))
      return leftAlone(name, 'code', conditions);
    // What other versions make of it is nothing to an instance on which it is switched off.
    const base = this.baseOf(own, current, own.disabled ? new Map() : conditions);
    if (base === undefined && !own.disabled) return leftAlone(name, 'code', conditions);
    const { task, ...rest } = this.decide(base ?? ownBase(own), decisions, conditions);
    if (own.disabled) return { ...rest, source: 'code', state: 'disabled' };
    if (base?.isLeft)
      return { ...rest, source: 'code', state: isPaused(name, decisions) ? 'paused' : 'left_alone' };
    return { ...rest, ...(task === undefined ? {} : { task }), source: 'code' };
  }

  /** As the newest version of this app that runs the task has it. Undefined where that is to be left to others, and not known. */
  private baseOf(own: ExclusiveTask, current: CurrentDefinition, conditions: Conditions): Base | undefined {
    const { name } = own;
    const base = ownBase(own);
    const definition = this.parts.sets.own.get(name);
    if (definition === undefined) return base;
    const ruling = this.parts.versions.rule({
      name,
      own: definition,
      ownSchedule: own.schedule,
      current,
      make: (data, jitterMs) => this.scheduleOf(own, data, jitterMs, 'a schedule of a newer version'),
    });
    if (ruling.kind === 'own') return base;
    if (ruling.kind === 'wait')
      return { ...base, task: { ...own, schedule: notDue(own.schedule) }, words: ['wait'] };
    conditions.set(ruling.kind === 'follow' ? 'follows_newer' : 'left_to_newer', ruling.detail);
    const { schedule } = ruling;
    if (schedule === undefined) return undefined;
    return {
      ...base,
      task: { ...own, schedule },
      words: ['newer', current.schedule, current.jitterMs ?? 0],
      sinceMs: current.firstSeenMs,
      isLeft: ruling.kind === 'leave',
    };
  }

  private planRuntime(name: string, record: RuntimeTaskRecord, decisions: Decisions): PlannedTask {
    const conditions: Conditions = new Map();
    const claim = { app: this.parts.sets.app, sinceMs: record.sinceMs };
    const rival = this.rivals.get(name);
    if (rival !== undefined && isOthers(rival, claim, conditions))
      return leftAlone(name, 'runtime', conditions);
    const handler = this.parts.handlers.get(record.runs);
    if (handler === undefined) {
      conditions.set('left_alone', `no handler '${record.runs}' is here`);
      return leftAlone(name, 'runtime', conditions);
    }
    try {
      const blueprint = this.parts.blueprints.make(
        name,
        record.schedule,
        record.options,
        'DistributedScheduleRegistry.add',
      );
      const base: Base = {
        name,
        // Its record says since when it counts, so that nodes may forget what is old of it.
        task: { ...blueprint, handler, isPrunable: true },
        payload: record.payload,
        words: ['runtime', record],
        sinceMs: record.sinceMs,
        jitterMs: blueprint.jitterMs,
      };
      return { ...this.decide(base, decisions, conditions), source: 'runtime' };
    } catch (error) {
      conditions.set('left_alone', `its definition cannot be used here: ${messageOf(error)}`);
      return leftAlone(name, 'runtime', conditions);
    }
  }

  private decide(base: Base, decisions: Decisions, conditions: Conditions): Omit<PlannedTask, 'source'> {
    return decidedTask(base, decisions, conditions, (data, jitterMs) =>
      this.scheduleOf(base.task, data, jitterMs, 'a schedule from the board'),
    );
  }

  /** A schedule from the board for a task that there is. Throws where it cannot be used here. */
  private scheduleOf(
    task: ScheduledTask,
    schedule: ScheduleData,
    jitterMs: number,
    origin: string,
  ): Schedule {
    return this.parts.blueprints.make(task.name, schedule, { jitterMs, ...lateness(task) }, origin).schedule;
  }
}

function ownBase(own: ExclusiveTask): Base {
  return { name: own.name, task: own, words: ['own'], jitterMs: own.jitterMs };
}

function lateness({ maxLatenessMs }: ScheduledTask): { readonly maxLatenessMs?: number } {
  return maxLatenessMs === undefined ? {} : { maxLatenessMs };
}

/** For as long as it is not known by which schedule it is due; only what is triggered is. */
function notDue({ description }: Schedule): Schedule {
  return { description, nextAfter: () => undefined };
}
