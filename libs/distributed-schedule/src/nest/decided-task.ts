/** What was decided about the tasks at run time, and what it makes of one of them. */

import type { BoardView } from '../protocol/board/board-room.js';
import { controlledSchedule } from '../protocol/controlled-schedule.js';
import type { Schedule, ScheduledTask } from '../protocol/tick-context.js';
import {
  PAUSE,
  type PauseRecord,
  PLAN,
  type PlanRecord,
  recordsOn,
  type Trigger,
  triggersOn,
} from './control-records.js';
import type { Conditions, PlannedTask } from './planned-task.js';
import type { ScheduleData } from './schedule-data.js';
import { payloadsOf } from './tick-payloads.js';

/** What stands on the board about all tasks, read once for many. */
export interface Decisions {
  readonly pauses: ReadonlyMap<string, PauseRecord>;
  readonly plans: ReadonlyMap<string, PlanRecord>;
  readonly triggers: ReadonlyMap<string, readonly Trigger[]>;
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

export function readDecisions(board: BoardView): Decisions {
  return {
    pauses: recordsOn<PauseRecord>(board, PAUSE),
    plans: recordsOn<PlanRecord>(board, PLAN),
    triggers: triggersOn(board),
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
  const { pauses, plans, triggers } = decisions;
  const [pause, plan] = [pauses.get(name), plans.get(name)];
  const own = triggers.get(name) ?? [];
  const paused = isPaused(name, decisions);
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

export function isPaused(name: string, { pauses }: Decisions): boolean {
  return pauses.get(name)?.paused === true;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
