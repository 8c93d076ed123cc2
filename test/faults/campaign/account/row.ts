/** One row of the account: what happened in the windows of some incidents. Pure. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { RunLine } from '../../../../apps/demo/src/run-record.js';
import type { BrokenPromise } from './broken-promises.js';
import type { Facts, Incident } from './incident.js';
import type { Miss } from './misses.js';
import type { Run } from './runs.js';

const SECOND_MS = 1_000;

export interface Evidence {
  readonly facts: Facts;
  readonly lines: readonly RunLine[];
  readonly outcomes: readonly OutcomeLine[];
  /** The tasks, each due at every second; recovery is read from the first. */
  readonly tasks: readonly string[];
  /** The first and the last tick that count, epoch ms. */
  readonly firstTick: number;
  readonly lastTick: number;
}

export interface Row {
  readonly fault: string;
  readonly times: number;
  readonly verified: number;
  /** Ticks of all tasks that were due from the strikes until the cluster had recovered. */
  readonly due: number;
  readonly runs: number;
  readonly doubled: number;
  readonly overlaps: number;
  readonly misses: readonly Miss[];
  /** From each strike to the next start of the first task, ms; how late that start was; and from each heal. */
  readonly fromStrikeMs: readonly number[];
  readonly latenessMs: readonly number[];
  readonly fromHealMs: readonly number[];
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Every tick of every task that counts. */
export function dueTicks({ tasks, firstTick, lastTick }: Evidence): readonly (readonly [string, number])[] {
  const count = Math.max(0, (lastTick - firstTick) / SECOND_MS + 1);
  return tasks.flatMap((task) =>
    Array.from({ length: count }, (_, index) => [task, firstTick + index * SECOND_MS] as const),
  );
}

/** Rows of several scenes as one. */
export function sumOf(fault: string, rows: readonly Row[]): Row {
  const sum = (count: (row: Row) => number): number => rows.reduce((all, row) => all + count(row), 0);
  return {
    fault,
    times: sum(({ times }) => times),
    verified: sum(({ verified }) => verified),
    due: sum(({ due }) => due),
    runs: sum(({ runs }) => runs),
    doubled: sum(({ doubled }) => doubled),
    overlaps: sum(({ overlaps }) => overlaps),
    misses: rows.flatMap(({ misses }) => misses),
    fromStrikeMs: rows.flatMap(({ fromStrikeMs }) => fromStrikeMs),
    latenessMs: rows.flatMap(({ latenessMs }) => latenessMs),
    fromHealMs: rows.flatMap(({ fromHealMs }) => fromHealMs),
  };
}

/** From the strike until the first task runs again after the heal. */
export function windowOf(incident: Incident, evidence: Evidence, runs: readonly Run[]): Window {
  const next = nextStart(incident.healedMs, evidence, runs);
  return { fromMs: incident.struckMs, toMs: next?.startMs ?? incident.healedMs };
}

function nextStart(afterMs: number, { tasks }: Evidence, runs: readonly Run[]): Run | undefined {
  return runs.find((run) => run.task === tasks[0] && run.startMs >= afterMs);
}

interface RowParts {
  readonly fault: string;
  readonly incidents: readonly Incident[];
  readonly windows: readonly Window[];
  readonly evidence: Evidence;
  readonly runs: readonly Run[];
  readonly broken: readonly BrokenPromise[];
  readonly misses: readonly Miss[];
}

export function rowOf({ fault, incidents, windows, evidence, runs, broken, misses }: RowParts): Row {
  const isInside = (atMs: number): boolean =>
    windows.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs);
  const isTickInside = (tick: number): boolean => isInside(tick - evidence.facts.epochOffsetMs);
  const due = dueTicks(evidence).filter(([, tick]) => isTickInside(tick));
  const dueKeys = new Set(due.map(([task, tick]) => `${task} ${tick}`));
  const brokenHere = broken.filter(({ atMs }) => isInside(atMs));
  const next = incidents.map(({ struckMs }) => nextStart(struckMs, evidence, runs));
  return {
    fault,
    times: incidents.length,
    verified: incidents.filter(({ evidence: seen }) => seen !== undefined).length,
    due: due.length,
    runs: runs.filter(({ task, tick }) => dueKeys.has(`${task} ${tick}`)).length,
    doubled: brokenHere.filter(({ kind }) => kind === 'doubled').length,
    overlaps: brokenHere.filter(({ kind }) => kind === 'overlap under trust').length,
    misses: misses.filter(({ tick }) => isTickInside(tick)),
    fromStrikeMs: next.flatMap((run, index) =>
      run ? [run.startMs - (incidents[index]?.struckMs ?? 0)] : [],
    ),
    latenessMs: next.flatMap((run) => (run ? [run.startMs + evidence.facts.epochOffsetMs - run.tick] : [])),
    fromHealMs: incidents.flatMap(({ healedMs }) => {
      const run = nextStart(healedMs, evidence, runs);
      return run === undefined ? [] : [run.startMs - healedMs];
    }),
  };
}
