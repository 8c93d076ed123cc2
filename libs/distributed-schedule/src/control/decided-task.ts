/** What was decided about the tasks at run time, and what it makes of one of them. */

import { PAUSE, PLAN } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { Schedule, ScheduledTask } from '../protocol/contract/tick-context.js';
import { controlledSchedule } from '../protocol/schedules/controlled-schedule.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import {
  claimedTrigger,
  type PauseRecord,
  type PlanRecord,
  recordOn,
  type Trigger,
  triggersOn,
} from './control-records.js';
import type { Conditions, PlannedTask } from './planned-task.js';
import { payloadsOf } from './tick-payloads.js';

/** What stands on the board about tasks. */
export interface Decisions {
  pauseOf(name: string): PauseRecord | undefined;
  planOf(name: string): PlanRecord | undefined;
  triggersOf(name: string): readonly Trigger[];
}

/** A task before what was decided about it. */
export interface Base {
  readonly name: string;
  readonly task: ScheduledTask;
  readonly payload?: unknown;
  /** Tells one base from another. */
  readonly words: readonly unknown[];
  readonly sinceMs?: number;
  readonly jitterMs?: number;
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

/**
 * What was decided about a task at run time, on top of its definition.
 * @param scheduleOf throws where this instance cannot use the schedule that was decided
 */
export function decidedTask(
  base: Base,
  decisions: Decisions,
  conditions: Conditions,
  scheduleOf: (schedule: ScheduleData, jitterMs: number) => Schedule,
): Omit<PlannedTask, 'source'> {
  const { name, task, words } = base;
  const [pause, plan] = [decisions.pauseOf(name), decisions.planOf(name)];
  const own = decisions.triggersOf(name);
  const paused = pause?.paused === true;
  if (paused) conditions.set('paused', 'nothing is due until it is resumed or triggered');
  let planned: Schedule | undefined;
  try {
    planned = plan === undefined ? undefined : scheduleOf(plan.schedule, base.jitterMs ?? 0);
  } catch (error) {
    // With its own schedule it would run beside that of the instances which can use the one that was decided.
    conditions.set('unusable', messageOf(error));
    return { name, state: paused ? 'paused' : 'left_alone', signature: '', conditions };
  }
  if (planned !== undefined) conditions.set('rescheduled', planned.description);
  const since = [base.sinceMs, planned === undefined ? undefined : plan?.sinceMs, pause?.sinceMs];
  const sinceMs = since.reduce(
    (latest, one) => (one !== undefined && one > (latest ?? 0) ? one : latest),
    undefined,
  );
  const schedule = planned ?? task.schedule;
  const ticks = own.map(({ tick }) => tick);
  return {
    name,
    state: paused ? 'paused' : 'active',
    base: schedule,
    task: {
      ...task,
      schedule: controlledSchedule(schedule, { isPaused: paused, sinceMs, triggers: ticks }),
      ...(sinceMs === undefined ? {} : { countsFromMs: sinceMs }),
      ...payloadsOf(base.payload, own),
      ...(own.length > 0 && { triggerOf: triggersByTick(own) }),
    },
    signature: JSON.stringify([
      words,
      planned === undefined ? null : plan?.schedule,
      paused,
      sinceMs ?? null,
      own,
    ]),
    conditions,
  };
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
