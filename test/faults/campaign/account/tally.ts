/** The account of a campaign: one row per kind of fault, from facts and witnesses alone. Pure. */

import {
  type BrokenPromise,
  doubledTicks,
  missingRecoveries,
  overlapsUnderTrust,
  tokensNotGrowing,
} from './broken-promises.js';
import type { Incident } from './incident.js';
import { type Losses, LossJudge } from './losses.js';
import { type Miss, MissExplainer } from './misses.js';
import { dueTicks, type Evidence, type Row, rowOf, sumOf, type Window, windowOf } from './row.js';
import { type Run, runsOf } from './runs.js';
import { staleStarts } from './stale-starts.js';
import { untoldMisses } from './told.js';

export interface Tally {
  readonly rows: readonly Row[];
  readonly total: Row;
  readonly broken: readonly BrokenPromise[];
  readonly unexplained: readonly Miss[];
  /** Nobody has said that they did not run. */
  readonly untold: readonly Miss[];
  /** What was said of runs that died with their instance, and is not so. */
  readonly losses: Losses;
  readonly unverified: readonly Incident[];
  /** Those that are excused. */
  readonly staleStarts: number;
}

export function tallyUp(evidence: Evidence): Tally {
  const { facts } = evidence;
  const runs = runsOf(evidence.lines);
  const stale = staleStarts(runs, facts);
  const broken = [
    ...doubledTicks(runs),
    ...overlapsUnderTrust(runs),
    ...tokensNotGrowing(runs),
    ...stale.broken,
    ...missingRecoveries(facts, evidence.tasks[0] ?? ''),
  ];
  const explainer = new MissExplainer(facts, runs, evidence.outcomes);
  const misses = missedTicks(evidence, runs).map(([task, tick]) => explainer.explain(task, tick));
  const row = (fault: string, incidents: readonly Incident[], windows: readonly Window[]): Row =>
    rowOf({ fault, incidents, windows, evidence, runs, broken, misses });
  const kinds = [...new Set(facts.incidents.map(({ fault }) => fault))];
  return {
    rows: kinds.map((fault) => {
      const incidents = facts.incidents.filter((one) => one.fault === fault);
      return row(
        fault,
        incidents,
        incidents.map((one) => windowOf(one, evidence, runs)),
      );
    }),
    total: row('all', facts.incidents, [
      { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY },
    ]),
    broken,
    unexplained: misses.filter(({ reason }) => reason === 'unexplained'),
    untold: untoldMisses(misses, evidence),
    losses: new LossJudge(facts, runs, evidence.outcomes).judge(),
    unverified: facts.incidents.filter(({ evidence: seen }) => seen === undefined),
    staleStarts: stale.excused,
  };
}

/** Several scenes in one table; what happened in more than one of them is one row. */
export function mergeTallies(tallies: readonly Tally[]): Tally {
  const rows = tallies.flatMap((tally) => tally.rows);
  const kinds = [...new Set(rows.map(({ fault }) => fault))];
  return {
    rows: kinds.map((kind) =>
      sumOf(
        kind,
        rows.filter(({ fault }) => fault === kind),
      ),
    ),
    total: sumOf(
      'all',
      tallies.map(({ total }) => total),
    ),
    broken: tallies.flatMap(({ broken }) => broken),
    unexplained: tallies.flatMap(({ unexplained }) => unexplained),
    untold: tallies.flatMap(({ untold }) => untold),
    losses: {
      judged: tallies.reduce((sum, { losses }) => sum + losses.judged, 0),
      wrong: tallies.flatMap(({ losses }) => losses.wrong),
    },
    unverified: tallies.flatMap(({ unverified }) => unverified),
    staleStarts: tallies.reduce((sum, tally) => sum + tally.staleStarts, 0),
  };
}

export function isClean({ broken, unexplained, untold, losses, unverified }: Tally): boolean {
  return [broken, unexplained, untold, losses.wrong, unverified].every((found) => found.length === 0);
}

function missedTicks(evidence: Evidence, runs: readonly Run[]): readonly (readonly [string, number])[] {
  const started = new Set(runs.map(({ task, tick }) => `${task} ${tick}`));
  return dueTicks(evidence).filter(([task, tick]) => !started.has(`${task} ${tick}`));
}
