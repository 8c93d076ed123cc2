/**
 * Decisions about tasks that hold in the whole cluster. Each is one record on the board: nothing is half done, and a decision
 * that a majority of the nodes has not acknowledged is an error that says how far it came.
 */

import { DELETED, TOMBSTONE_TTL_MS } from '../protocol/board-record.js';
import { DistributedScheduleError } from '../protocol/errors.js';
import { requirePeriod } from '../protocol/period.js';
import type { Blueprints } from './blueprints.js';
import {
  PAUSE,
  type PauseRecord,
  PLAN,
  type PlanRecord,
  type RuntimeTaskRecord,
  recordOn,
  TASK,
} from './control-records.js';
import { type DecisionParts, Decisions } from './decisions.js';
import { type RuntimeTask, requireRuntimeTask } from './runtime-task.js';
import { requireOnlyScheduleData, type ScheduleData } from './schedule-data.js';

export interface TaskControlParts extends DecisionParts {
  readonly blueprints: Blueprints;
  readonly bidStaggerMs: number;
  readonly handlers: ReadonlySet<string>;
}

/** After a pause that is over; then nobody looks back on it any more. */
const RESUMED_TTL_MS = 30 * 86_400_000;

export class TaskControl {
  private readonly decisions: Decisions;

  constructor(private readonly parts: TaskControlParts) {
    this.decisions = new Decisions(parts);
  }

  async add(given: RuntimeTask): Promise<void> {
    const { name, record, replace } = requireRuntimeTask(given, this.parts.board.nowMs());
    this.parts.blueprints.make(name, record.schedule, record.options, 'DistributedScheduleRegistry.add');
    if (!this.parts.handlers.has(record.runs)) {
      const known = [...this.parts.handlers].map((handler) => `'${handler}'`).join(', ');
      throw new DistributedScheduleError(
        'DSCHED_UNKNOWN_HANDLER',
        `there is no handler '${record.runs}' on this instance. ${known === '' ? 'There are none' : `There are ${known}`}.`,
        { task: name, value: record.runs },
      );
    }
    await this.decisions.requireRead(name);
    if (this.parts.tasks().get(name)?.source === 'code') throw duplicate(name, 'a task in the code');
    const known = recordOn<RuntimeTaskRecord>(this.parts.board, `${TASK}${name}`);
    const isSame = known !== undefined && isSameTask(known, record);
    if (known !== undefined && !isSame && !replace)
      throw duplicate(name, 'a task that was added with another definition');
    // The same again, as when every replica adds it at its start: what was decided first stands, and is put again.
    await this.decisions.write(name, `${TASK}${name}`, isSame ? known : record);
  }

  async remove(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    if (this.decisions.requireKnown(name).source === 'code') {
      throw new DistributedScheduleError(
        'DSCHED_NOT_REMOVABLE',
        'it stands in the code, and the next instance that starts would bring it back. Pause it, or remove its decorator',
        { task: name, value: name },
      );
    }
    await this.decisions.write(name, `${TASK}${name}`, undefined);
    for (const key of [`${PAUSE}${name}`, `${PLAN}${name}`]) {
      if (this.parts.board.get(key) !== undefined) this.parts.board.post(key, DELETED, TOMBSTONE_TTL_MS);
    }
  }

  async reschedule(name: string, given: ScheduleData): Promise<void> {
    const schedule = requireOnlyScheduleData('DistributedScheduleRegistry.reschedule', name, given);
    await this.decisions.requireRead(name);
    const { task } = this.decisions.requireKnown(name);
    const made = this.parts.blueprints.make(name, schedule, {}, 'DistributedScheduleRegistry.reschedule');
    if (task !== undefined) {
      requirePeriod({ ...task, schedule: made.schedule }, this.parts.board.nowMs(), this.parts.bidStaggerMs);
    }
    await this.decisions.write(name, `${PLAN}${name}`, {
      schedule,
      sinceMs: this.nowMs(),
    } satisfies PlanRecord);
  }

  async restoreSchedule(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    this.decisions.requireKnown(name);
    await this.decisions.write(name, `${PLAN}${name}`, undefined);
  }

  async pause(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    this.decisions.requireKnown(name);
    await this.decisions.write(name, `${PAUSE}${name}`, {
      paused: true,
      sinceMs: this.nowMs(),
    } satisfies PauseRecord);
  }

  async resume(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    this.decisions.requireKnown(name);
    const known = recordOn<PauseRecord>(this.parts.board, `${PAUSE}${name}`);
    // Of a task that is not paused nothing is to be forgotten.
    const sinceMs = known?.paused === true ? this.nowMs() : (known?.sinceMs ?? 0);
    await this.decisions.write(
      name,
      `${PAUSE}${name}`,
      { paused: false, sinceMs } satisfies PauseRecord,
      RESUMED_TTL_MS,
    );
  }

  private nowMs(): number {
    return Math.floor(this.parts.board.nowMs());
  }
}

function isSameTask(one: RuntimeTaskRecord, other: RuntimeTaskRecord): boolean {
  const facts = ({ runs, schedule, options, payload }: RuntimeTaskRecord): string =>
    JSON.stringify([runs, schedule, options, payload ?? null]);
  return facts(one) === facts(other);
}

function duplicate(task: string, what: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    `there is ${what} of this name. Pass another name${what.endsWith('code') ? '' : ', or `replace: true`'}.`,
    { task, value: task },
  );
}
