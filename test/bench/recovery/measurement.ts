/** Many trials of one kind of failure, in several scenes at a time, and the row of the table that they make. */

import { SeededRandom } from 'nestjs-distributed-schedule/testing';
import type { Failure, Struck, TickAccount } from './failure.js';

export interface MeasurementOptions {
  readonly trials: number;
  readonly scenes: number;
  readonly seed: number;
  /** Told what went wrong in a trial, which then has no figure and misses its bound, and why ticks were lost. */
  readonly explain: (text: string) => void;
}

export interface Measurement {
  readonly failure: Failure;
  readonly struck: readonly Struck[];
  /** Trials in which nothing started in time. */
  readonly failed: number;
  readonly missed: number;
  readonly doubled: number;
}

/**
 * In step: all scenes are struck in the same second and healed afterwards. New replicas are costly to start, and none
 * starts while another scene is being measured.
 */
export async function measure(failure: Failure, options: MeasurementOptions): Promise<Measurement> {
  const trials = Math.ceil(options.trials * failure.share);
  const count = Math.min(options.scenes, trials);
  const scenes = await Promise.all(
    Array.from({ length: count }, (_, index) => failure.open(new SeededRandom(options.seed + index))),
  );
  const struck: Struck[] = [];
  let failed = 0;
  try {
    while (struck.length + failed < trials) {
      const ends = await Promise.allSettled(scenes.map((scene) => scene.strike()));
      const seen = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      struck.push(...seen);
      for (const end of ends) if (end.status === 'rejected') options.explain(String(end.reason));
      failed += ends.length - seen.length;
      await Promise.all(seen.map(({ heal }) => heal()));
      // A scene in an unknown state is no ground for another trial.
      if (seen.length < ends.length) break;
    }
    const accounts = scenes.map((scene) => scene.account());
    if (failure.losesNoTick)
      for (const story of accounts.flatMap(({ stories }) => stories)) options.explain(story);
    return { failure, struck, failed, ...sum(accounts) };
  } finally {
    await Promise.all(scenes.map((scene) => scene.close()));
  }
}

function sum(accounts: readonly TickAccount[]): { readonly missed: number; readonly doubled: number } {
  return {
    missed: accounts.reduce((total, { missed }) => total + missed, 0),
    doubled: accounts.reduce((total, { doubled }) => total + doubled, 0),
  };
}

export const HEADER = [
  '| failure | trials | ticks lost | p50 ms | p99 ms | max ms | bound | met | failure to next start, p50 / max ms |',
  '|---|---|---|---|---|---|---|---|---|',
].join('\n');

export function isMet({ failure, struck, failed, missed, doubled }: Measurement): boolean {
  const worstMs = Math.max(...struck.map(({ measuredMs }) => measuredMs));
  const lostInVain = failure.losesNoTick ? missed : 0;
  return failed === 0 && doubled === 0 && lostInVain === 0 && worstMs <= failure.boundMs;
}

export function rowOf(measurement: Measurement): string {
  const { failure, struck, failed, missed } = measurement;
  const figures = struck.map(({ measuredMs }) => measuredMs);
  const delays = struck.map(({ faultMs, startedMs }) => startedMs - faultMs);
  const cells = [
    failure.name,
    failed === 0 ? struck.length : `${struck.length} and ${failed} without a start`,
    failure.losesNoTick ? missed : `${missed} (none can run meanwhile)`,
    ...[percentile(figures, 0.5), percentile(figures, 0.99), percentile(figures, 1)],
    failure.bound,
    isMet(measurement) ? 'yes' : '**no**',
    `${percentile(delays, 0.5)} / ${percentile(delays, 1)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The smallest value that at least this share of all values does not exceed. */
function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]?.toFixed(0) ?? '-';
}
