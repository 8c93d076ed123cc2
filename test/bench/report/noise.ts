/** How far rounds of the same measurement are apart. Pure. */

import { median } from '../latency/judge.js';
import type { Measured } from '../latency/row.js';

export interface Noise {
  readonly rounds: number;
  /** Largest less least p50 of a row, over its median. Undefined for a single round. */
  readonly medianSpread: number | undefined;
  readonly largestSpread: number | undefined;
}

export function noiseOf(latency: readonly Measured[]): Noise {
  const spreads = latency.flatMap(
    ({ results }) => spreadOf(results.flatMap(({ p50Ms }) => p50Ms ?? [])) ?? [],
  );
  return {
    rounds: Math.max(0, ...latency.map(({ results }) => results.length)),
    medianSpread: median(spreads),
    largestSpread: spreads.length === 0 ? undefined : Math.max(...spreads),
  };
}

/** @returns undefined where it cannot be told: one value has no spread, and a share of nothing no meaning */
export function spreadOf(values: readonly number[]): number | undefined {
  const middle = median(values);
  if (values.length < 2 || middle === undefined || middle <= 0) return undefined;
  return (Math.max(...values) - Math.min(...values)) / middle;
}
