import type { WeekResult } from './week-world.js';

/** What a week's account comes to: by task, ticks of the reference parser that did not run, and runs that are no such tick. */
export interface WeekVerdict {
  readonly due: number;
  readonly missing: readonly string[];
  /** Runs of no tick, and second runs of one. */
  readonly extra: readonly string[];
}

/** No tick is excused: faults begin when nothing is claimed, and always leave a majority of nodes and four instances. */
export function judgeWeek({ plan, runs }: WeekResult): WeekVerdict {
  let due = 0;
  const missing: string[] = [];
  const extra: string[] = [];
  for (const { name, ticks } of plan.tasks) {
    const left = new Set(ticks);
    due += ticks.length;
    for (const tick of runs.get(name) ?? []) {
      // The world lives a little longer than its week.
      const isWithin = tick > plan.startMs && tick <= plan.endMs;
      if (!left.delete(tick) && isWithin) extra.push(told(name, tick));
    }
    for (const tick of left) missing.push(told(name, tick));
  }
  return { due, missing, extra };
}

function told(name: string, tick: number): string {
  return `${name} at ${new Date(tick).toISOString()}`;
}
