/** All floors, in rounds, so that their spread can be told. */

import { measureEtcd } from './etcd.js';
import type { Figures } from './figures.js';
import type { Floor } from './floor.js';
import { measureRedisBenchmark } from './redis-benchmark.js';
import { measureRedisClaims } from './redis-claims.js';
import { measureTicker } from './ticker.js';

export interface MeasuredFloor {
  readonly name: string;
  readonly about: string;
  /** One for each round. */
  readonly rounds: readonly Figures[];
}

export interface MeasuredFloors {
  readonly floors: readonly MeasuredFloor[];
  /** A line for each program that is not here, with what to install. */
  readonly missing: readonly string[];
}

const GROUPS: readonly {
  readonly measure: (forMs: number) => Promise<readonly Floor[] | undefined>;
  /** What to say where it cannot be measured. */
  readonly lacks: string;
}[] = [
  { measure: measureTicker, lacks: '' },
  { measure: measureRedisBenchmark, lacks: 'redis-benchmark is missing: apt-get install redis-tools' },
  { measure: measureRedisClaims, lacks: '' },
  { measure: measureEtcd, lacks: 'etcd is missing: apt-get install etcd-server' },
];

/** @param forMs of each floor in each round */
export async function measureFloors(
  rounds: number,
  forMs: number,
  tell: (line: string) => void,
): Promise<MeasuredFloors> {
  const measured = new Map<string, MeasuredFloor>();
  const missing = new Set<string>();
  for (let round = 1; round <= rounds; round += 1)
    for (const { measure, lacks } of GROUPS) {
      const floors = await measure(forMs);
      if (floors === undefined) missing.add(lacks);
      for (const { figures, ...floor } of floors ?? []) {
        tell(`round ${round}: ${floor.name}: ${Math.round(figures.opsPerSecond)} ops/s`);
        measured.set(floor.name, {
          ...floor,
          rounds: [...(measured.get(floor.name)?.rounds ?? []), figures],
        });
      }
    }
  return { floors: [...measured.values()], missing: [...missing] };
}
