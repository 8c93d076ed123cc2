/** The servers of one measurement, new each time: what one contestant leaves behind is not the next one's burden. */

import { findPostgresBin } from '../../../scripts/ensure-postgres.mjs';
import { startPostgres } from '../../support/postgres-server.js';
import { startRedis } from '../../support/redis-server.js';
import type { Needs } from './contestant.js';
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

export async function startStores(needs: Needs): Promise<Stores> {
  const masters = await Promise.all(Array.from({ length: MASTERS[needs] }, () => startRedis()));
  const postgres = needs === 'postgres' ? await startPostgres() : undefined;
  const clients = masters.map((master) => master.client());
  return {
    redisUrls: masters.map(({ url }) => url),
    postgresUrl: postgres?.url ?? '',
    readCounters: async () => (postgres === undefined ? readCounters(clients) : undefined),
    stop: async () => {
      await Promise.all([...masters.map((master) => master.stop()), postgres?.stop()]);
    },
  };
}
