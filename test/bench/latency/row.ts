/** One contestant of one shape as a line of the table: the median of the rounds, and the range behind it. */

import type { FleetResult } from './fleet.js';

export interface Shape {
  readonly tasks: number;
  readonly instances: number;
}

export interface Measured extends Shape {
  readonly contestant: string;
  /** One for each round. */
  readonly results: readonly FleetResult[];
}

export const HEAD = [
  '| tasks x processes | | p50 ms | p99 ms | doubled | missed | of | CPU ms per s and process | MiB per process | messages/s to all stores | kB/s |',
  '|---|---|---|---|---|---|---|---|---|---|---|',
];

export function rowOf({ contestant, tasks, instances, results }: Measured, isLocal: boolean): string {
  const figure = (pick: (result: FleetResult) => number | undefined, digits: number): string =>
    medianAndRange(
      results.flatMap((result) => pick(result) ?? []),
      digits,
    );
  const sum = (pick: (result: FleetResult) => number): number =>
    results.reduce((all, result) => all + pick(result), 0);
  const cells = [
    `${tasks} x ${instances}`,
    contestant,
    figure(({ p50Ms }) => p50Ms, 2),
    figure(({ p99Ms }) => p99Ms, 1),
    isLocal ? 'all, by design' : sum(({ doubled }) => doubled),
    sum(({ missed }) => missed),
    sum(({ due }) => due),
    figure(({ cpuMs }) => cpuMs, 1),
    figure(({ rssMiB }) => rssMiB, 0),
    figure(({ messages }) => messages, 0),
    figure(({ kilobytes }) => kilobytes, 0),
  ];
  return `| ${cells.join(' | ')} |`;
}

function medianAndRange(values: readonly number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) return '-';
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const range = sorted.length > 1 ? ` (${least.toFixed(digits)} to ${most.toFixed(digits)})` : '';
  return `${median.toFixed(digits)}${range}`;
}
