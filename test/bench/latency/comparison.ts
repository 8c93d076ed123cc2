/** Contestants take turns within a round, so that what else the machine does hurts all alike: compare within one run, as ratios. */

import type { Known } from './contestant.js';
import { epochOffsetMs } from './epoch-offset.js';
import { type FleetResult, runFleet } from './fleet.js';
import type { Measured } from './row.js';
import { type Shape, shownShape } from './shape.js';
import { missingFor, startStores } from './stores.js';

export interface Trial {
  readonly shapes: readonly Shape[];
  readonly contestants: readonly Known[];
  readonly rounds: number;
  readonly seconds: number;
  readonly busyLoops: number;
  /** To each master, through proxies; 0, or none, is loopback as it is. */
  readonly roundTripsMs: readonly number[];
  readonly watchesLoop?: boolean;
  /** A folder for CPU profiles, of one process of each fleet. */
  readonly cpuProfile?: string | undefined;
}

export interface Comparison {
  readonly rows: readonly Measured[];
  /** A line for each measurement that came to nothing: one peer that fails must not cost the others an hour. */
  readonly failures: readonly string[];
  /** A line for each store that is not here, with what to install. */
  readonly missing: readonly string[];
}

/** @param tell is told what is done, a line each */
export async function compare(trial: Trial, tell: (line: string) => void): Promise<Comparison> {
  const rows = new Map<string, Measured>();
  const failures: string[] = [];
  const missing = new Set(trial.contestants.flatMap(({ needs }) => missingFor(needs) ?? []));
  const able = trial.contestants.filter(({ needs }) => missingFor(needs) === undefined);
  for (let round = 1; round <= trial.rounds; round += 1)
    for (const shape of trial.shapes)
      for (const known of able) {
        const key = `${shownShape(shape)} ${known.name}`;
        try {
          const result = await measure(known, shape, trial);
          const { results = [] } = rows.get(key) ?? {};
          const isLocal = known.isLocal === true;
          rows.set(key, { ...shape, contestant: known.name, isLocal, results: [...results, result] });
          tell(`round ${round}: ${key}: ${shown(result)}`);
        } catch (error) {
          failures.push(`round ${round}: ${key}: ${error instanceof Error ? error.message : error}`);
          tell(failures.at(-1) ?? '');
        }
      }
  return { rows: [...rows.values()], failures, missing: [...missing] };
}

function shown({ p50Ms, p99Ms, doubled, missed, due }: FleetResult): string {
  const times = `p50 ${p50Ms?.toFixed(2) ?? '-'} ms, p99 ${p99Ms?.toFixed(2) ?? '-'} ms`;
  return `${times}, ${doubled} doubled and ${missed} missed of ${due}`;
}

async function measure(
  known: Known,
  { tasks, instances }: Shape,
  { seconds, busyLoops, roundTripsMs, watchesLoop = false, cpuProfile }: Trial,
): Promise<FleetResult> {
  const stores = await startStores(known.needs, roundTripsMs);
  try {
    const entry = {
      contestant: known.name,
      ...{ instances, tasks, watchesLoop },
      namespace: 'bench-latency',
      redisUrls: stores.redisUrls,
      postgresUrl: stores.postgresUrl,
      epochOffsetMs: epochOffsetMs(),
    };
    const { graceMs = 0 } = known;
    return await runFleet(entry, {
      seconds,
      busyLoops,
      graceMs,
      read: () => stores.readCounters(),
      cpuProfile,
    });
  } finally {
    await stores.stop();
  }
}
