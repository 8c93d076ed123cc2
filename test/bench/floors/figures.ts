/** What calls add up to. Pure. */

import { percentile } from '../latency/judge.js';

export interface Figures {
  readonly opsPerSecond: number;
  /** Of one call, with all operations in it. Undefined where nothing was called. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** @param tookMs of each call */
export function figuresOf(operations: number, tookMs: readonly number[], wallMs: number): Figures {
  const sorted = [...tookMs].sort((one, other) => one - other);
  return {
    opsPerSecond: (operations / wallMs) * 1_000,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}

/** @param csv of `redis-benchmark --csv` for one test: a head and a line */
export function figuresOfCsv(csv: string): Figures {
  const [head = [], line = []] = csv
    .trim()
    .split('\n')
    .map((text) => text.split(',').map((cell) => cell.replaceAll('"', '')));
  const of = (column: string): number => {
    const value = Number(line[head.indexOf(column)]);
    if (Number.isNaN(value)) throw new Error(`redis-benchmark told no ${column}: ${csv}`);
    return value;
  };
  return { opsPerSecond: of('rps'), p50Ms: of('p50_latency_ms'), p99Ms: of('p99_latency_ms') };
}
