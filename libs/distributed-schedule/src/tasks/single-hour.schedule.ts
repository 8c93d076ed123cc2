import type { Schedule } from '../protocol/contract/tick-context.js';
import { JitteredSchedule } from '../protocol/schedules/jittered.schedule.js';
import { CronSchedule } from './cron.schedule.js';

const SECOND_MS = 1_000;

/**
 * A cron schedule with `dst: 'once'`: due when clocks show one of its times for the first time. The parser of `@Cron` also runs a job
 * of 02:00 in New York at the turn back, where clocks show 01:00 again. When clocks go forward nothing is different.
 */
export class SingleHourSchedule implements Schedule {
  readonly description: string;

  constructor(readonly cron: CronSchedule) {
    this.description = `${cron.description}, once when clocks go back`;
  }

  get ordinary(): Schedule {
    return this.cron.ordinary;
  }

  get shortestGapMs(): number | undefined {
    return this.cron.shortestGapMs;
  }

  nextAfter(atMs: number): number | undefined {
    let next = this.cron.nextAfter(atMs);
    while (next !== undefined && this.cron.zone.isNearTurnBack(next)) {
      const newTimeMs = this.secondPassEndMs(next);
      if (newTimeMs === undefined && this.cron.isShown(next)) return next;
      // Out of a second pass in one step: a task that is due every second has 3,600 ticks in it.
      next = this.cron.nextAfter(newTimeMs === undefined ? next : newTimeMs - SECOND_MS);
    }
    return next;
  }

  /** When clocks show something again that they have not shown before; undefined where they do at `tick`. */
  private secondPassEndMs(tick: number): number | undefined {
    const turn = this.cron.zone.turnAround(tick);
    return turn?.isBack ? turn.turnMs + turn.lengthMs : undefined;
  }
}

/** The zone that a schedule goes by; undefined where it goes by none. */
export function zoneNameOf(schedule: Schedule | undefined): string | undefined {
  if (schedule instanceof JitteredSchedule) return zoneNameOf(schedule.base);
  const cron = schedule instanceof SingleHourSchedule ? schedule.cron : schedule;
  return cron instanceof CronSchedule ? cron.zoneName : undefined;
}
