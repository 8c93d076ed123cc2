/** Decisions at run time as part of the schedule: contest, misfire and audit then ask one source. */

import type { Schedule } from '../contract/tick-context.js';

export interface ScheduleControl {
  /** Nothing is due but what is triggered. */
  readonly isPaused: boolean;
  /** Scheduled ticks before this instant are none of the task's; epoch ms of cluster time. */
  readonly sinceMs: number | undefined;
  /** Extra ticks, ascending. */
  readonly triggers: readonly number[];
}

export function controlledSchedule(base: Schedule, control: ScheduleControl): Schedule {
  const { isPaused, sinceMs, triggers } = control;
  if (!isPaused && sinceMs === undefined && triggers.length === 0) return base;
  return new ControlledSchedule(base, control);
}

class ControlledSchedule implements Schedule {
  readonly description: string;

  constructor(
    private readonly base: Schedule,
    private readonly control: ScheduleControl,
  ) {
    this.description = base.description;
  }

  /** A task's period is that of its schedule: a trigger has room made for it, and cuts the limit of the one tick before it. */
  get ordinary(): Schedule {
    return this.base.ordinary ?? this.base;
  }

  get shortestGapMs(): number | undefined {
    return this.base.shortestGapMs;
  }

  nextAfter(atMs: number): number | undefined {
    const scheduled = this.scheduledAfter(atMs);
    const triggered = this.control.triggers.find((tick) => tick > atMs);
    if (scheduled === undefined || triggered === undefined) return scheduled ?? triggered;
    return Math.min(scheduled, triggered);
  }

  private scheduledAfter(atMs: number): number | undefined {
    const { isPaused, sinceMs = Number.NEGATIVE_INFINITY } = this.control;
    return isPaused ? undefined : this.base.nextAfter(Math.max(atMs, sinceMs - 1));
  }
}
