/** Decisions for the whole cluster. Each is one record: nothing is half done, and what no majority has is an error that says so. */

import { PAUSE, PLAN, RUN, TASK, TOMBSTONE_TTL_MS } from '../protocol/board/board-keys.js';
import { DELETED } from '../protocol/board/board-record.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { didYouMean } from '../protocol/options/closest-name.js';
import { requirePeriod } from '../protocol/schedules/period.js';
import { requireAhead, requireOnlyScheduleData, type ScheduleData } from '../tasks/schedule-data.js';
import { AddedTaskRecords, lifeOf } from './added-task-records.js';
import { isBefore, twoApps } from './app-claims.js';
import type { ControlContext } from './control-context.js';
import {
  areSame,
  type PauseRecord,
  type PlanRecord,
  type RuntimeTaskRecord,
  recordOn,
  triggersOn,
} from './control-records.js';
import { DecisionWriter } from './decision-writer.js';
import { type RuntimeTask, requireRuntimeTask } from './runtime-task.js';

const PLACE = 'DistributedScheduleRegistry';

export class TaskControl {
  private readonly decisions: DecisionWriter;
  private readonly records: AddedTaskRecords;

  constructor(private readonly context: ControlContext) {
    this.decisions = new DecisionWriter(context);
    this.records = new AddedTaskRecords(context.room, this.decisions);
  }

  async add(given: RuntimeTask): Promise<void> {
    const { room, sets, app, blueprints, tasks } = this.context;
    const { name, record, replace } = requireRuntimeTask(given, room.nowMs());
    const { policies } = blueprints.make(name, record.schedule, record.options, `${PLACE}.add`);
    this.requireHandler(name, record.runs);
    await this.decisions.requireRead(name);
    if (tasks().get(name)?.source === 'code')
      throw duplicate(name, 'a task of this name stands in the code. Pass another name');
    const known = recordOn<RuntimeTaskRecord>(room, `${TASK}${name}`);
    const rival = sets.rivalOf(name);
    const claim = { app, sinceMs: known?.sinceMs ?? Number.POSITIVE_INFINITY };
    if (rival !== undefined && isBefore(rival, claim)) throw twoApps(name, app, rival);
    const isSame = known !== undefined && isSameTask(known, record);
    if (known !== undefined && !isSame && !replace) {
      throw duplicate(
        name,
        'a task of this name was added before with another definition. Pass another name, or `replace: true`',
      );
    }
    if (!isSame) requireAhead(name, record.schedule, room.nowMs());
    // What is still seen of one that was removed a moment ago is not this one's.
    if (known === undefined) return void (await this.records.put(name, record, record.schedule, policies));
    const plan = this.records.planOf(name);
    // The same again, as when every instance adds it at its start: what was decided first stands, and is put again.
    if (isSame || areSame(known.schedule, record.schedule))
      return this.records.keep(name, isSame ? known : record, plan ?? record.schedule, policies);
    // What was decided about its old schedule says nothing about the new one: a reminder that was put off once would never come.
    await this.records.keep(name, record, record.schedule, policies);
    if (plan !== undefined) await this.decisions.write(name, `${PLAN}${name}`, undefined);
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
    // Another task of the name, added at once, would begin with them.
    const { room } = this.context;
    const triggers = triggersOn(room).get(name) ?? [];
    const others = [PAUSE, PLAN, RUN].map((prefix) => `${prefix}${name}`);
    for (const key of [...others, ...triggers.map((one) => one.key)])
      if (room.get(key) !== undefined) room.post(key, DELETED, TOMBSTONE_TTL_MS);
  }

  async reschedule(name: string, given: ScheduleData): Promise<void> {
    const { room, blueprints, bidStaggerMs } = this.context;
    const place = `${PLACE}.reschedule`;
    const schedule = requireOnlyScheduleData(place, name, given);
    await this.decisions.requireRead(name);
    const { task, source } = this.decisions.requireRepeating(name);
    const made = blueprints.make(name, schedule, {}, place);
    if (task !== undefined) requirePeriod({ ...task, schedule: made.schedule }, room.nowMs(), bidStaggerMs);
    const known = this.records.planOf(name);
    if (known === undefined || !areSame(known, schedule)) requireAhead(name, schedule, room.nowMs());
    // First: without its task a schedule is nothing.
    if (source === 'runtime') await this.records.keepFor(name, schedule, task?.policies);
    const record = { schedule, sinceMs: this.nowMs() } satisfies PlanRecord;
    const planTtlMs = source === 'runtime' ? lifeOf(schedule, this.nowMs(), task?.policies) : undefined;
    await this.decisions.write(name, `${PLAN}${name}`, record, planTtlMs);
  }

  async restoreSchedule(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    const { source, task } = this.decisions.requireKnown(name);
    await this.decisions.write(name, `${PLAN}${name}`, undefined);
    if (source === 'runtime') await this.records.keepFor(name, undefined, task?.policies);
  }

  async pause(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    const { source } = this.decisions.requireOurs(name);
    await this.records.writePause(name, source, { paused: true, sinceMs: this.nowMs() });
  }

  async resume(name: string): Promise<void> {
    await this.decisions.requireRead(name);
    const { source } = this.decisions.requireKnown(name);
    const known = recordOn<PauseRecord>(this.context.room, `${PAUSE}${name}`);
    // Of a task that is not paused nothing is to be forgotten.
    const sinceMs = known?.paused === true ? this.nowMs() : (known?.sinceMs ?? 0);
    await this.records.writePause(name, source, { paused: false, sinceMs });
  }

  private requireHandler(name: string, runs: string): void {
    const { handlers } = this.context;
    if (handlers.has(runs)) return;
    const known = [...handlers.keys()].map((handler) => `'${handler}'`).join(', ');
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_HANDLER',
      `there is no handler '${runs}' on this instance.${didYouMean(runs, handlers.keys())} ` +
        `${known === '' ? 'There are none' : `There are ${known}`}.`,
      { task: name, value: runs },
    );
  }

  private nowMs(): number {
    return Math.floor(this.context.room.nowMs());
  }
}

function isSameTask(one: RuntimeTaskRecord, other: RuntimeTaskRecord): boolean {
  // By name: another release may write more, and adds the same task all the same.
  const facts = ({ runs, schedule, options, payload }: RuntimeTaskRecord): object => ({
    ...{ runs, schedule, options, payload },
  });
  return areSame(facts(one), facts(other));
}

function duplicate(task: string, why: string): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_DUPLICATE_TASK', why, { task, value: task });
}
