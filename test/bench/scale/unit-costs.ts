/** What one more task, instance, or both cost, fitted to what was measured, and what that comes to beyond this machine. Pure. */

import type { Shape } from '../latency/shape.js';

/** What a cost may grow with. By shape, in the order of the costs. */
export type Terms = readonly { readonly name: string; readonly of: (shape: Shape) => number }[];

export interface Costs {
  /** One per term; none is below 0. */
  readonly each: readonly number[];
  /** How far the fit is off, as a share of what was measured: the median over the shapes. */
  readonly off: number;
}

/** Runs per second of one instance, of those that share the ticks. */
const runs = ({ tasks, instances }: Shape): number => tasks / instances;

/** Processor of one instance, ms per second. */
export const INSTANCE_TERMS: Terms = [
  { name: 'an instance', of: () => 1 },
  { name: 'a run', of: runs },
  { name: 'a tick of another instance', of: (shape) => shape.tasks - runs(shape) },
];

/** Processor of one master, ms per second; and what it sends and receives, kB per second. */
export const MASTER_TERMS: Terms = [
  { name: 'an instance', of: ({ instances }) => instances },
  { name: 'a run', of: ({ tasks }) => tasks },
  {
    name: 'a tick and instance that stands by for it',
    of: ({ tasks, instances }) => tasks * (instances - 1),
  },
  { name: 'a pair of instances', of: ({ instances }) => instances * (instances - 1) },
];

export interface Measurement {
  readonly shape: Shape;
  readonly value: number;
}

const SWEEPS = 20_000;

/**
 * Least squares of the relative errors, so that small shapes count as much as large ones, without costs below 0: coordinate descent
 * (Franc, Hlavac and Navara, "Sequential coordinate-wise algorithm for the non-negative least squares problem", 2005).
 */
export function fit(terms: Terms, measured: readonly Measurement[]): Costs {
  const known = measured.filter(({ value }) => value > 0);
  const rows = known.map(({ shape, value }) => terms.map(({ of }) => of(shape) / value));
  const each = terms.map(() => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1)
    for (const column of terms.keys()) {
      let along = 0;
      let square = 0;
      for (const row of rows) {
        const factor = row[column] ?? 0;
        along += factor * (1 - dot(row, each));
        square += factor * factor;
      }
      if (square > 0) each[column] = Math.max(0, (each[column] ?? 0) + along / square);
    }
  const errors = rows.map((row) => Math.abs(dot(row, each) - 1)).sort((one, other) => one - other);
  return { each, off: errors[Math.floor(errors.length / 2)] ?? 0 };
}

export function predict(terms: Terms, { each }: Costs, shape: Shape): number {
  return dot(
    terms.map(({ of }) => of(shape)),
    each,
  );
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}
