/** What the board makes of the tasks of one instance. Each is computed anew from all that is known: no order of records matters. */

import { TASK } from '../protocol/board/board-keys.js';
import type { Schedule, ScheduledTask } from '../protocol/contract/tick-context.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import type { AppClaim } from './app-claims.js';
import type { ControlContext } from './control-context.js';
import { type RuntimeTaskRecord, recordOn } from './control-records.js';
import {
  type Base,
  type Decisions,
  decidedTask,
  isPaused,
  messageOf,
  readDecisions,
} from './decided-task.js';
import type { CurrentDefinition } from './definition-sets.js';
import { type Conditions, elsewhere, isOthers, leftAlone, type PlannedTask } from './planned-task.js';
import type { VersionRule } from './version-rule.js';

export class ControlPlan {
  private current: ReadonlyMap<string, CurrentDefinition> = new Map();
  private rivals: ReadonlyMap<string, AppClaim> = new Map();

  constructor(
    private readonly context: ControlContext,
    private readonly versions: VersionRule,
  ) {}

  /** The names of all tasks. Looks anew at which versions and apps there are, which {@link taskOf} then goes by. */
  names(): ReadonlySet<string> {
    const { room, sets, blueprints } = this.context;
    this.current = sets.current();
    this.rivals = sets.rivals();
    const added = room.list(TASK).map(({ key }) => key.slice(TASK.length));
    const names = new Set([...this.current.keys(), ...added]);
    blueprints.keepOnly(names);
    return names;
  }

  decisions(): Decisions {
    return readDecisions(this.context.room);
  }

  /** Undefined where there is no task of that name any more. */
  taskOf(name: string, decisions: Decisions): PlannedTask | undefined {
    const { room, own, blueprints } = this.context;
    const definition = this.current.get(name);
    const task = own.get(name);
    // A decorated task of the name of an added one has come with a later version, and has the name.
    if (definition !== undefined && task !== undefined) return this.planOwn(task, definition, decisions);
    if (definition !== undefined) return elsewhere(name, isPaused(name, decisions));
    const record = recordOn<RuntimeTaskRecord>(room, `${TASK}${name}`);
    if (record !== undefined) return this.planRuntime(name, record, decisions);
    blueprints.drop(name);
    return undefined;
  }

  /** Forgets what was made for tasks that were refused, once there are many. */
  tidy(planned: ReadonlyMap<string, PlannedTask>, mostRefused: number): void {
    const { blueprints } = this.context;
    if (blueprints.size > planned.size + mostRefused) blueprints.keepOnly(planned);
  }

  private planOwn(own: ExclusiveTask, current: CurrentDefinition, decisions: Decisions): PlannedTask {
    const conditions: Conditions = new Map();
    const { name } = own;
    const rival = own.disabled ? undefined : this.rivals.get(name);
    if (rival !== undefined && isOthers(rival, this.context.sets.claimOf(name), conditions))
      return leftAlone(name, 'code', conditions);
    // What other versions make of it is nothing to an instance on which it is switched off.
    const base = this.baseOf(own, current, own.disabled ? new Map() : conditions);
    if (base === undefined && !own.disabled) return leftAlone(name, 'code', conditions);
    const planned = this.decide(base ?? ownBase(own), decisions, conditions);
    const { task, ...untold } = planned;
    if (own.disabled) return { ...untold, state: 'disabled' };
    if (base?.isLeft) return { ...untold, state: isPaused(name, decisions) ? 'paused' : 'left_alone' };
    return planned;
  }

  /** As the newest version of this app that runs the task has it. Undefined where that is to be left to others, and not known. */
  private baseOf(own: ExclusiveTask, current: CurrentDefinition, conditions: Conditions): Base | undefined {
    const { name } = own;
    const base = ownBase(own);
    const definition = this.context.sets.own.get(name);
    if (definition === undefined) return base;
    const ruling = this.versions.rule({
      name,
      own: definition,
      ownSchedule: own.schedule,
      current,
      make: (data, jitterMs) => this.scheduleOf(own, data, jitterMs, 'a schedule of a newer version'),
    });
    if (ruling.kind === 'own') return base;
    if (ruling.kind === 'wait')
      return { ...base, task: { ...own, schedule: notDue(own.schedule) }, identity: ['wait'] };
    conditions.set(ruling.kind === 'follow' ? 'follows_newer' : 'left_to_newer', ruling.detail);
    const { schedule } = ruling;
    if (schedule === undefined) return undefined;
    return {
      ...base,
      task: { ...own, schedule },
      identity: ['newer', current.schedule, current.jitterMs ?? 0],
      sinceMs: current.firstSeenMs,
      isLeft: ruling.kind === 'leave',
    };
  }

  private planRuntime(name: string, record: RuntimeTaskRecord, decisions: Decisions): PlannedTask {
    const conditions: Conditions = new Map();
    const claim = { app: this.context.sets.app, sinceMs: record.sinceMs };
    const rival = this.rivals.get(name);
    if (rival !== undefined && isOthers(rival, claim, conditions))
      return leftAlone(name, 'runtime', conditions);
    const handler = this.context.handlers.get(record.runs);
    if (handler === undefined) {
      conditions.set('left_alone', `no handler '${record.runs}' is here`);
      return leftAlone(name, 'runtime', conditions);
    }
    try {
      const blueprint = this.context.blueprints.make(
        name,
        record.schedule,
        record.options,
        'DistributedScheduleRegistry.add',
      );
      const base: Base = {
        source: 'runtime',
        // Its record says since when it counts, so that nodes may forget what is old of it.
        task: { ...blueprint, handler, isPrunable: true },
        payload: record.payload,
        identity: ['runtime', record],
        sinceMs: record.sinceMs,
      };
      return this.decide(base, decisions, conditions);
    } catch (error) {
      conditions.set('left_alone', `its definition cannot be used here: ${messageOf(error)}`);
      return leftAlone(name, 'runtime', conditions);
    }
  }

  private decide(base: Base, decisions: Decisions, conditions: Conditions): PlannedTask {
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
    const { name, maxLatenessMs } = task;
    const lateness = maxLatenessMs === undefined ? {} : { maxLatenessMs };
    return this.context.blueprints.make(name, schedule, { jitterMs, ...lateness }, origin).schedule;
  }
}

function ownBase(own: ExclusiveTask): Base {
  return { source: 'code', task: own, identity: ['own'] };
}

/** For as long as it is not known by which schedule it is due; only what is triggered is. */
function notDue({ description }: Schedule): Schedule {
  return { description, nextAfter: () => undefined };
}
