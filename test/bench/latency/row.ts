/** One contestant of one shape as a line of the table: the median of the rounds, and the range behind it. */

import type { Unable } from './contestant.js';
import type { FleetResult } from './fleet.js';
import { median } from './judge.js';
import { type Shape, shownShape } from './shape.js';

export interface Measured extends Shape {
  readonly contestant: string;
  /** Each process runs every tick, by design. */
  readonly isLocal: boolean;
  /** One for each round. */
  readonly results: readonly FleetResult[];
}

const COLUMNS = [
  'tasks x processes',
  '',
  'p50 ms',
  'p99 ms',
  'doubled',
  'missed',
  'of',
  'CPU ms per s and process',
  'MiB per process',
  'messages/s to all stores',
  'kB/s',
];

export const HEAD = [`| ${COLUMNS.join(' | ')} |`, `|${'---|'.repeat(COLUMNS.length)}`];

export function rowOf({ contestant, isLocal, results, ...shape }: Measured): string {
  const figure = (pick: (result: FleetResult) => number | undefined, digits: number): string =>
    medianAndRange(
      results.flatMap((result) => pick(result) ?? []),
      digits,
    );
  const cells = [
    shownShape(shape),
    contestant,
    figure(({ p50Ms }) => p50Ms, 2),
    figure(({ p99Ms }) => p99Ms, 1),
    isLocal ? 'all, by design' : sumOf(results, 'doubled'),
    sumOf(results, 'missed'),
    sumOf(results, 'due'),
    figure(({ cpuMs }) => cpuMs, 1),
    figure(({ rssMiB }) => rssMiB, 0),
    figure(({ messages }) => messages, 0),
    figure(({ kilobytes }) => kilobytes, 0),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Whoever cannot take part has a line all the same, so that nobody looks for it in vain. */
export function rowOfUnable({ name, why }: Unable): string {
  const others = COLUMNS.length - 2;
  return `| any | ${name}: ${why} |${' - |'.repeat(others)}`;
}

/** Over all rounds. */
export function sumOf(results: readonly FleetResult[], count: 'doubled' | 'missed' | 'due'): number {
  return results.reduce((sum, result) => sum + result[count], 0);
}

/** @returns `-` for no values, and no range for one */
export function medianAndRange(values: readonly number[], digits: number): string {
  const middle = median(values);
  if (middle === undefined) return '-';
  const range = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits)).join(' to ');
  return values.length > 1 ? `${middle.toFixed(digits)} (${range})` : middle.toFixed(digits);
}
