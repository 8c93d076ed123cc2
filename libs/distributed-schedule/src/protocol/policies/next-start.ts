/**
 * What a task starts next, decided by whoever has its run lock: nothing runs under a trusted lease then, so a tick that was
 * claimed and has not ended is one whose instance is gone. Pure: the same ledger and the same clock have the same answer on
 * every instance, and a wrong answer costs a claim that is refused, never a second run.
 */

import type { DueTick } from '../contract/due-tick.js';
import {
  closingInstant,
  DEFAULT_POLICIES,
  INSTANTS_PER_TICK,
  mostAttemptsOf,
} from '../contract/task-policies.js';
import type { Schedule, ScheduledTask } from '../contract/tick-context.js';
import { latenessLimit } from './lateness.js';

export interface StartQuestion {
  readonly task: ScheduledTask;
  /** The newest instant of the task that may have been won, 0 when the nodes know none; see PeekVerdict. */
  readonly newest: number;
  /** Whether `newest` was granted to nobody. */
  readonly isFloor?: boolean | undefined;
  /** Where the nodes know none: nothing up to here can be won; see PeekVerdict. */
  readonly forgottenUpTo?: number | undefined;
  /** Cluster time. */
  readonly nowMs: number;
  /** The tick whose turn it is. Absent for a look back between two ticks. */
  readonly due?: DueTick;
}

/** The start that comes first, or undefined when there is nothing to start. */
export function decideStart(question: StartQuestion): DueTick | undefined {
  const { due, newest } = question;
  return (
    retakeOf(question) ?? missedOf(question) ?? (due !== undefined && due.tick > newest ? due : undefined)
  );
}

/** Whether a tick that nobody has claimed is only not late enough yet to have been missed. */
export function isStillToCome({ task, newest, nowMs }: StartQuestion): boolean {
  const { misfire } = task.policies ?? DEFAULT_POLICIES;
  if (misfire === 'skip' || newest === 0) return false;
  const next = task.schedule.nextAfter(Math.max(newest, countsFrom(task) - 1));
  return next !== undefined && next <= nowMs;
}

/** The tick to which a ledger's instant belongs; undefined where the schedule has none there, as after a change of it. */
export function tickOfInstant(schedule: Schedule, instant: number): number | undefined {
  if (instant <= 0) return undefined;
  const tick = schedule.nextAfter(instant - INSTANTS_PER_TICK);
  return tick !== undefined && tick <= instant ? tick : undefined;
}

/** A tick that was claimed and has not ended: its instance died, or could not say that it has ended. */
function retakeOf({ task, newest, isFloor, nowMs }: StartQuestion): DueTick | undefined {
  const policies = task.policies ?? DEFAULT_POLICIES;
  const { recovery, recoveryWithinMs } = policies;
  if (recovery !== 'retake' || isFloor) return undefined;
  const tick = tickOfInstant(task.schedule, newest);
  if (tick === undefined || newest === closingInstant(tick)) return undefined;
  // Before its time it is nobody's to retake, and a claim that was given back is for its own contest.
  if (tick > nowMs || tick < countsFrom(task) || nowMs - tick > recoveryWithinMs) return undefined;
  const attempt = newest - tick + 2;
  if (attempt > mostAttemptsOf(policies)) return undefined;
  return { task, tick, attempt, because: 'retake', maxLatenessMs: recoveryWithinMs };
}

/** The first start that the misfire policy makes of ticks that nobody has claimed in time. */
function missedOf({ task, newest, forgottenUpTo = 0, nowMs, due }: StartQuestion): DueTick | undefined {
  const { misfire, misfireWithinMs } = task.policies ?? DEFAULT_POLICIES;
  // Of a task that the ledger does not know nothing is known to have been missed, unless it is known since when it counts.
  if (misfire === 'skip' || (newest === 0 && task.countsFromMs === undefined)) return undefined;
  const fromMs = Math.max(newest, forgottenUpTo, countsFrom(task) - 1, nowMs - misfireWithinMs);
  const tick =
    misfire === 'all'
      ? firstMissed(task.schedule, fromMs, due?.tick ?? nowMs + 1)
      : latestMissed(task.schedule, fromMs, nowMs, due);
  if (tick === undefined) return undefined;
  const isInTime =
    due === undefined && nowMs - tick <= latenessLimit(task, tick, task.schedule.nextAfter(tick));
  // What is still in time has a contest of its own.
  return isInTime ? undefined : { task, tick, because: 'missed', maxLatenessMs: misfireWithinMs };
}

function firstMissed(schedule: Schedule, fromMs: number, beforeMs: number): number | undefined {
  const tick = schedule.nextAfter(fromMs);
  return tick !== undefined && tick < beforeMs ? tick : undefined;
}

/** A tick that is due now is newer than all that were missed. */
function latestMissed(
  schedule: Schedule,
  fromMs: number,
  nowMs: number,
  due: DueTick | undefined,
): number | undefined {
  if (due !== undefined) return undefined;
  // Schedules only look forward: begin near, and go back twice as far each time.
  for (let backMs = INSTANTS_PER_TICK; ; backMs *= 2) {
    const sinceMs = Math.max(fromMs, nowMs - backMs);
    let latest: number | undefined;
    for (
      let tick = schedule.nextAfter(sinceMs);
      tick !== undefined && tick <= nowMs;
      tick = schedule.nextAfter(tick)
    ) {
      latest = tick;
    }
    if (latest !== undefined || sinceMs === fromMs) return latest;
  }
}

function countsFrom(task: ScheduledTask): number {
  return task.countsFromMs ?? 0;
}
