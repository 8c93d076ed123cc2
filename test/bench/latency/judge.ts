/** What a fleet made of the seconds that it was looked at. Pure. */

import type { Seen } from './instance-messages.js';

/**
 * A handler that is told its second is judged by that. Else a start up to so much before a second is that second's, too early, and one
 * that is later is late by up to the rest: who may be later than that had better tell.
 */
const EARLY_MS = 100;
const SECOND_MS = 1_000;

export interface Judged {
  /** Seconds times tasks. */
  readonly due: number;
  /** Of these, how many ran more than once. */
  readonly doubled: number;
  readonly missed: number;
  readonly early: number;
  /** From a second to the first start in it, ms. Undefined where nothing ran. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Of a process, ms per second. */
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** Of the slowest process. */
  readonly bootMs: number;
  readonly loopDelayMs: number;
}

/** @param fromMs the first second that counts; `seconds` of them are looked at */
export function judge(fleet: readonly Seen[], tasks: number, fromMs: number, seconds: number): Judged {
  const starts = new Map<string, number[]>();
  for (const { tasks: ran, atMs, ticks } of fleet)
    for (const [index, startMs] of atMs.entries()) {
      const second = ticks[index] ?? Math.floor((startMs + EARLY_MS) / SECOND_MS) * SECOND_MS;
      if (second < fromMs || second >= fromMs + seconds * SECOND_MS) continue;
      const key = `${ran[index]} ${second}`;
      starts.set(key, [...(starts.get(key) ?? []), startMs - second]);
    }
  const due = tasks * seconds;
  const lateness = [...starts.values()].map((all) => Math.min(...all)).sort((a, b) => a - b);
  return {
    due,
    doubled: [...starts.values()].filter((all) => all.length > 1).length,
    missed: due - starts.size,
    early: lateness.filter((ms) => ms < 0).length,
    p50Ms: percentile(lateness, 0.5),
    p99Ms: percentile(lateness, 0.99),
    cpuMs: mean(fleet.map(({ cpuMs, wallMs }) => (cpuMs / wallMs) * 1_000)),
    rssMiB: mean(fleet.map(({ rssBytes }) => rssBytes / 2 ** 20)),
    bootMs: Math.max(0, ...fleet.map((one) => one.bootMs)),
    loopDelayMs: Math.max(0, ...fleet.map((one) => one.loopDelayMs)),
  };
}

/** The nearest rank. @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** Undefined for no values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const half = values.length / 2;
  const [lower, upper] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
