/** What the holder of a run lock starts next: a claimed tick without an end lost its instance. A wrong answer costs a claim. */

import type { DueTick } from '../contract/due-tick.js';
import { type LinePast, newestInstant } from '../contract/line-past.js';
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
  /** Of a ledger that can tell. */
  readonly past: LinePast;
  /** Cluster time. */
  readonly nowMs: number;
  /** The tick whose turn it is. Absent for a look back between two ticks. */
  readonly due?: DueTick;
}

/** The start that comes first, or undefined when there is nothing to start. */
export function decideStart(question: StartQuestion): DueTick | undefined {
  const { due, past } = question;
  const isAhead = due !== undefined && due.tick > newestInstant(past);
  return retakeOf(question) ?? missedOf(question) ?? (isAhead ? due : undefined);
}

/** An unclaimed tick is due but still within its lateness limit. */
export function isStillToCome({ task, past, nowMs }: StartQuestion): boolean {
  const { misfire } = task.policies ?? DEFAULT_POLICIES;
  if (misfire === 'skip' || past.closedBy === 'nobody') return false;
  const next = task.schedule.nextAfter(Math.max(past.closedUpTo, countsFrom(task) - 1));
  return next !== undefined && next <= nowMs;
}

/** The tick to which a ledger's instant belongs; undefined where the schedule has none there, as after a change of it. */
export function tickOfInstant(schedule: Schedule, instant: number): number | undefined {
  if (instant <= 0) return undefined;
  const tick = schedule.nextAfter(instant - INSTANTS_PER_TICK);
  return tick !== undefined && tick <= instant ? tick : undefined;
}

/** A tick that was claimed and has not ended: its instance died, or could not say that it has ended. */
function retakeOf({
  task,
  past: { closedUpTo: newest, closedBy },
  nowMs,
}: StartQuestion): DueTick | undefined {
  const policies = task.policies ?? DEFAULT_POLICIES;
  const { recovery, recoveryWithinMs } = policies;
  if (recovery !== 'retake' || closedBy !== 'claim') return undefined;
  const tick = tickOfInstant(task.schedule, newest);
  if (tick === undefined || newest === closingInstant(tick)) return undefined;
  // Not retaken before its time. A claim that was given back belongs to its own contest.
  if (tick > nowMs || tick < countsFrom(task) || nowMs - tick > recoveryWithinMs) return undefined;
  const attempt = newest - tick + 2;
  if (attempt > mostAttemptsOf(policies)) return undefined;
  return { task, tick, attempt, because: 'retake', maxLatenessMs: recoveryWithinMs };
}

/** The first start that the misfire policy makes of ticks that nobody has claimed in time. */
function missedOf({ task, past, nowMs, due }: StartQuestion): DueTick | undefined {
  const { misfire, misfireWithinMs } = task.policies ?? DEFAULT_POLICIES;
  // A task without a line is new: it has missed nothing, unless we know since when it counts.
  if (misfire === 'skip' || (past.closedBy === 'nobody' && task.countsFromMs === undefined)) return undefined;
  const fromMs = Math.max(past.closedUpTo, countsFrom(task) - 1, nowMs - misfireWithinMs);
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
