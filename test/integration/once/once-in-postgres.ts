/** The real flow over a real PostgreSQL, for the tests of this folder. */

import type { Pool, PoolClient } from 'pg';
import type { OnceResult } from '#src/once/once-result.js';
import { type Effect, type OnceJob, runOnce } from '#src/once/run-once.js';
import { DEFAULT_PATIENCE, type StorePatience } from '#src/once/store-patience.js';
import {
  type PostgresSnapshotSettings,
  resolvePostgresSettings,
} from '#src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';

export const CLOCK = new SystemClock();

export function storeIn(pool: Pool, settings: Partial<PostgresSnapshotSettings> = {}): PostgresSnapshotStore {
  return new PostgresSnapshotStore(pool, CLOCK, resolvePostgresSettings(settings), async () => undefined);
}

let jobs = 0;

export function newJob(): OnceJob {
  jobs += 1;
  return { jobId: sha256Hex(`job ${jobs}`).slice(0, 32) };
}

export function runIn<Output>(
  store: PostgresSnapshotStore,
  job: OnceJob,
  effect: Effect<PoolClient, Output>,
  more: { readonly signal?: AbortSignal; readonly patience?: Partial<StorePatience> } = {},
): Promise<OnceResult<Output>> {
  const patience = { ...DEFAULT_PATIENCE, ...more.patience };
  return runOnce(
    {
      ...{ clock: CLOCK, random: new SystemRandom(), store, digest: sha256Hex, mostKeptChars: 16_384 },
      ...{ patience, signal: more.signal },
    },
    job,
    effect,
  );
}

/** As whoever comes again and again, until the attempt before it has ended or was ended. */
export async function runUntilDecided<Output>(
  ...call: Parameters<typeof runIn<Output>>
): Promise<OnceResult<Output>> {
  for (;;) {
    const result = await runIn(...call);
    if (result.kind !== 'pending') return result;
  }
}
