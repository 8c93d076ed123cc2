import type { WeekPlan } from './week-plan.js';

/** Ordinary life before a tick or a fault: some beats, so that everybody knows who is there. */
const BEFORE_MS = 3_000;
/** After a tick: its contest and its run. */
const AFTER_TICK_MS = 1_500;
/** After a fault: a dead instance is forgotten, a new one has joined, a node has ended its quarantine. */
const AFTER_FAULT_MS = 6_000;

export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The times in which something is due or broken, and a little around them; in order, and apart from each other. */
export function busyStretches({ tasks, faults }: WeekPlan): readonly Stretch[] {
  const ticks = tasks.flatMap((task) => task.ticks);
  const all = [
    ...ticks.map((tick) => ({ fromMs: tick - BEFORE_MS, untilMs: tick + AFTER_TICK_MS })),
    ...faults.map(({ atMs, durationMs }) => ({
      fromMs: atMs - BEFORE_MS,
      untilMs: atMs + durationMs + AFTER_FAULT_MS,
    })),
  ].sort((one, other) => one.fromMs - other.fromMs);
  const joined: { fromMs: number; untilMs: number }[] = [];
  for (const stretch of all) {
    const last = joined.at(-1);
    if (last === undefined || stretch.fromMs > last.untilMs) joined.push({ ...stretch });
    else last.untilMs = Math.max(last.untilMs, stretch.untilMs);
  }
  return joined;
}
