/** What was decided about the tasks at run time, and what it makes of one of them. */

import { PAUSE, PLAN } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { Schedule, ScheduledTask } from '../protocol/contract/tick-context.js';
import { controlledSchedule } from '../protocol/schedules/controlled-schedule.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import {
  claimedTrigger,
  type PauseRecord,
  type PlanRecord,
  recordOn,
  type Trigger,
  type TriggerRecord,
  triggersOn,
} from './control-records.js';
import type { Conditions, PlannedTask } from './planned-task.js';

export interface Decisions {
  pauseOf(name: string): PauseRecord | undefined;
  planOf(name: string): PlanRecord | undefined;
  triggersOf(name: string): readonly Trigger[];
}

/** A task by its definition alone, before what was decided about it. */
export interface Base extends Pick<PlannedTask, 'source'> {
  readonly task: ExclusiveTask;
  readonly payload?: unknown;
  /** Equal for equal definitions; part of the signature. */
  readonly identity: readonly unknown[];
  readonly sinceMs?: number;
  /** Others run it; what is known of it here is to be shown. */
  readonly isLeft?: boolean;
}

/** For tasks that are planned in one go: triggers are read once for all of them, since their keys do not begin with the task. */
export function readDecisions(board: BoardView): Decisions {
  const triggers = triggersOn(board);
  return {
    pauseOf: (name) => recordOn<PauseRecord>(board, `${PAUSE}${name}`),
    planOf: (name) => recordOn<PlanRecord>(board, `${PLAN}${name}`),
    triggersOf: (name) => triggers.get(name) ?? [],
  };
}

/** On top of its definition. `scheduleOf` throws where this instance cannot use the schedule that was decided. */
export function decidedTask(
  base: Base,
  decisions: Decisions,
  conditions: Conditions,
  scheduleOf: (schedule: ScheduleData, jitterMs: number) => Schedule,
): PlannedTask {
  const { task, identity, source } = base;
  const { name } = task;
  const [pause, plan] = [decisions.pauseOf(name), decisions.planOf(name)];
  const own = decisions.triggersOf(name);
  const paused = pause?.paused === true;
  if (paused) conditions.set('paused', 'nothing is due until it is resumed or triggered');
  let planned: Schedule | undefined;
  try {
    planned = plan === undefined ? undefined : scheduleOf(plan.schedule, task.jitterMs);
  } catch (error) {
    // With its own schedule it would run beside that of the instances which can use the one that was decided.
    conditions.set('unusable', messageOf(error));
    return { name, source, state: paused ? 'paused' : 'left_alone', signature: '', conditions };
  }
  if (planned !== undefined) conditions.set('rescheduled', planned.description);
  const sinceMs = latestOf([base.sinceMs, planned === undefined ? undefined : plan?.sinceMs, pause?.sinceMs]);
  const schedule = planned ?? task.schedule;
  const ticks = own.map(({ tick }) => tick);
  return {
    name,
    source,
    state: paused ? 'paused' : 'active',
    base: schedule,
    task: {
      ...task,
      schedule: controlledSchedule(schedule, { isPaused: paused, sinceMs, triggers: ticks }),
      ...(sinceMs === undefined ? {} : { countsFromMs: sinceMs }),
      ...payloadsOf(base.payload, own),
      ...(own.length > 0 && { triggerOf: triggersByTick(own) }),
    },
    signature: JSON.stringify([identity, planned && plan?.schedule, paused, sinceMs, own]),
    conditions,
  };
}

/** Undefined where no instant is given: 0 and less are none. */
function latestOf(instants: readonly (number | undefined)[]): number | undefined {
  const latest = Math.max(0, ...instants.map((instant) => instant ?? 0));
  return latest === 0 ? undefined : latest;
}

function triggersByTick(own: readonly Trigger[]): NonNullable<ScheduledTask['triggerOf']> {
  const byTick = new Map(own.map((trigger) => [trigger.tick, claimedTrigger(trigger)]));
  return (tick) => byTick.get(tick);
}

export function isPaused(name: string, decisions: Decisions): boolean {
  return decisions.pauseOf(name)?.paused === true;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a tick was triggered with, be it null; else that of the task. A copy for each attempt: a handler may change it. */
export function payloadsOf(
  ofTask: unknown,
  triggers: readonly TriggerRecord[],
): Pick<ScheduledTask, 'payloadOf'> {
  if (ofTask === undefined && triggers.length === 0) return {};
  return {
    payloadOf: (tick) => {
      const triggered = triggers.find((one) => one.tick === tick)?.payload;
      return structuredClone(triggered === undefined ? ofTask : triggered);
    },
  };
}
