import { CronJob } from 'cron';

/**
 * The instants at which a plain job of @nestjs/schedule would run between two instants, if its timers were never late: each
 * is what a real `CronJob` is armed for at the moment of the one before. Undefined when there are more than `most`.
 */
export function referenceTicks(
  cronTime: string,
  timeZone: string,
  fromMs: number,
  untilMs: number,
  most = Number.POSITIVE_INFINITY,
): readonly number[] | undefined {
  const job = CronJob.from({ cronTime, timeZone, onTick: () => undefined, start: false });
  const ticks: number[] = [];
  const realNow = Date.now;
  try {
    for (let nowMs = fromMs; ; ) {
      const armedAtMs = nowMs;
      // The job's library reads the time from here.
      Date.now = () => armedAtMs;
      nowMs = job.nextDate().toMillis();
      if (nowMs <= armedAtMs) throw new Error(`${cronTime} in ${timeZone} goes back in time`);
      if (nowMs > untilMs) return ticks;
      ticks.push(nowMs);
      if (ticks.length > most) return undefined;
    }
  } finally {
    Date.now = realNow;
  }
}
