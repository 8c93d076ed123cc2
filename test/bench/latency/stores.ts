/** The servers of one measurement, new each time: what one contestant leaves behind is not the next one's burden. */

import { findPostgresBin } from '../../../scripts/ensure-postgres.mjs';
import { startPostgres } from '../../support/postgres-server.js';
import type { Needs } from './contestant.js';
import { startMasters } from './masters.js';
import { readCounters, type StoreCounters } from './store-counters.js';

export interface Stores {
  readonly redisUrls: readonly string[];
  /** Empty where none was asked for. */
  readonly postgresUrl: string;
  /** What the masters have counted so far. Undefined for PostgreSQL, which counts neither messages nor bytes. */
  readCounters(): Promise<StoreCounters | undefined>;
  stop(): Promise<void>;
}

const MASTERS = { nothing: 0, 'one redis': 1, 'three redis': 3, postgres: 0 } as const;

/** What to install, in a line, where a store is not on this machine. */
export function missingFor(needs: Needs): string | undefined {
  const lacks = needs === 'postgres' && findPostgresBin() === undefined;
  return lacks ? 'PostgreSQL is missing: apt-get install postgresql' : undefined;
}

/** @param roundTripsMs by master; PostgreSQL stands on loopback as it is */
export async function startStores(needs: Needs, roundTripsMs: readonly number[]): Promise<Stores> {
  const masters = await startMasters(MASTERS[needs], roundTripsMs);
  const postgres = needs === 'postgres' ? await startPostgres() : undefined;
  return {
    redisUrls: masters.urls,
    postgresUrl: postgres?.url ?? '',
    readCounters: async () => (postgres === undefined ? readCounters(masters.clients) : undefined),
    stop: async () => {
      await Promise.all([masters.stop(), postgres?.stop()]);
    },
  };
}
