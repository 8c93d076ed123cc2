/** Contestants take turns within a round, so that what else the machine does hurts all alike: compare within one run, as ratios. */

import type { Known } from './contestant.js';
import { epochOffsetMs } from './epoch-offset.js';
import { type FleetResult, runFleet } from './fleet.js';
import type { Measured } from './row.js';
import { type Shape, shownShape } from './shape.js';
import { startStores } from './stores.js';

export interface Trial {
  readonly shapes: readonly Shape[];
  readonly contestants: readonly Known[];
  readonly rounds: number;
  readonly seconds: number;
  readonly busyLoops: number;
}

/** @param tell is told what is done, a line each */
export async function compare(trial: Trial, tell: (line: string) => void): Promise<readonly Measured[]> {
  const measured = new Map<string, Measured>();
  for (let round = 1; round <= trial.rounds; round += 1)
    for (const shape of trial.shapes)
      for (const known of trial.contestants) {
        const key = `${shownShape(shape)} ${known.name}`;
        const result = await measure(known, shape, trial);
        const before = measured.get(key)?.results ?? [];
        const isLocal = known.isLocal === true;
        measured.set(key, { ...shape, contestant: known.name, isLocal, results: [...before, result] });
        tell(
          `round ${round}: ${key}: p50 ${result.p50Ms?.toFixed(2)} ms, p99 ${result.p99Ms?.toFixed(2)} ms, ` +
            `${result.doubled} doubled and ${result.missed} missed of ${result.due}`,
        );
      }
  return [...measured.values()];
}

async function measure(
  known: Known,
  { tasks, instances }: Shape,
  { seconds, busyLoops }: Trial,
): Promise<FleetResult> {
  const stores = await startStores(known.needs);
  try {
    const entry = {
      contestant: known.name,
      ...{ instances, tasks },
      namespace: 'bench-latency',
      redisUrls: stores.redisUrls,
      postgresUrl: stores.postgresUrl,
      epochOffsetMs: epochOffsetMs(),
    };
    const { graceMs = 0 } = known;
    return await runFleet(entry, { seconds, busyLoops, graceMs, read: () => stores.readCounters() });
  } finally {
    await stores.stop();
  }
}
