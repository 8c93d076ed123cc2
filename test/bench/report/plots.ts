/** Which figures of a report are drawn, and with which words beside them. Pure. */

import type { MeasuredFloor } from '../floors/floors.js';
import type { FleetResult } from '../latency/fleet.js';
import { median } from '../latency/judge.js';
import { type Measured, sumOf } from '../latency/row.js';
import { shownShape } from '../latency/shape.js';
import { type Dot, type DotPlot, dotPlots, type Spec } from './dot-plot.js';
import type { Report } from './report.js';

export const PLOT_TITLES = {
  lateness: 'How late tasks start, and how many run twice or not at all',
  cpu: 'CPU time of a process',
  floors: 'What stores do at most',
} as const;
export type PlotName = keyof typeof PLOT_TITLES;

/** A logarithm has no place for what starts in time, or before. */
export const LEAST_MS = 0.01;

/** Those for which there is something to draw. */
export function plotsOf({ latency, floors }: Report): ReadonlyMap<PlotName, Spec> {
  const plots = new Map<PlotName, Spec>();
  if (latency.length > 0) {
    plots.set('lateness', dotPlots(perShape(latency).map(latenessOf)));
    plots.set('cpu', dotPlots(perShape(latency).map(cpuOf)));
  }
  if (floors.length > 0) plots.set('floors', dotPlots([floorsOf(floors)]));
  return plots;
}

export function latenessOf(rows: readonly Measured[]): DotPlot {
  const dots = rows.flatMap(({ contestant, results }) => [
    ...dotOf(contestant, 'p50', atLeast(LEAST_MS, results, 'p50Ms')),
    ...dotOf(contestant, 'p99', atLeast(LEAST_MS, results, 'p99Ms')),
  ]);
  const words = rows.map(({ contestant, isLocal, results }) => {
    const [doubled, missed, due] = [
      sumOf(results, 'doubled'),
      sumOf(results, 'missed'),
      sumOf(results, 'due'),
    ];
    return {
      row: contestant,
      words: `${isLocal ? 'runs everywhere' : `${doubled} doubled`}, ${missed} missed of ${due}`,
      isFault: missed > 0 || (doubled > 0 && !isLocal),
    };
  });
  return { title: titleOf(rows), axis: 'ms after the second', dots, words };
}

export function cpuOf(rows: readonly Measured[]): DotPlot {
  const dots = rows.flatMap(({ contestant, results }) =>
    dotOf(
      contestant,
      'CPU',
      results.map(({ cpuMs }) => cpuMs),
    ),
  );
  const words = dots.map(({ row, value }) => ({ row, words: `${value.toFixed(1)} ms`, isFault: false }));
  return { title: titleOf(rows), axis: 'CPU ms per second and process', dots, words };
}

export function floorsOf(floors: readonly MeasuredFloor[]): DotPlot {
  const dots = floors.flatMap(({ name, rounds }) =>
    dotOf(
      name,
      'operations',
      rounds.map(({ opsPerSecond }) => opsPerSecond),
    ),
  );
  const words = floors.map(({ name, rounds }) => {
    const p99Ms = median(rounds.flatMap((figures) => figures.p99Ms ?? []));
    const opsPerSecond = median(rounds.map((figures) => figures.opsPerSecond)) ?? 0;
    const shownOps = Math.round(opsPerSecond).toLocaleString('en');
    const words = `${shownOps}/s, p99 of a call ${p99Ms?.toFixed(2) ?? '-'} ms`;
    return { row: name, words, isFault: false };
  });
  return { axis: 'operations per second', dots, words };
}

/** In the order of their first rows. */
function perShape(latency: readonly Measured[]): readonly (readonly Measured[])[] {
  const shapes = new Set(latency.map(shownShape));
  return [...shapes].map((shape) => latency.filter((one) => shownShape(one) === shape));
}

function titleOf([first]: readonly Measured[]): string {
  if (first === undefined) return '';
  const counted = (count: number, one: string, more: string): string =>
    `${count} ${count === 1 ? one : more}`;
  return `${counted(first.tasks, 'task', 'tasks')}, ${counted(first.instances, 'process', 'processes')}`;
}

function atLeast(
  leastMs: number,
  results: readonly FleetResult[],
  percentile: 'p50Ms' | 'p99Ms',
): readonly number[] {
  return results.flatMap((result) => result[percentile] ?? []).map((ms) => Math.max(leastMs, ms));
}

/** None where nothing ran. */
function dotOf(row: string, series: string, values: readonly number[]): readonly Dot[] {
  const value = median(values);
  if (value === undefined) return [];
  return [{ row, series, value, least: Math.min(...values), most: Math.max(...values) }];
}
