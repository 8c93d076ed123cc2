/** The real flow over a real PostgreSQL, for the tests of this folder. */

import type { Pool, PoolClient } from 'pg';
import {
  type PostgresSnapshotSettings,
  resolvePostgresSettings,
} from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-store.js';
import type { OnceResult } from '../../../libs/distributed-schedule/src/protocol/snapshot/once-result.js';
import {
  type Effect,
  type OnceJob,
  runOnce,
} from '../../../libs/distributed-schedule/src/protocol/snapshot/run-once.js';
import {
  DEFAULT_PATIENCE,
  type StorePatience,
} from '../../../libs/distributed-schedule/src/protocol/snapshot/store-patience.js';
import { sha256Hex } from '../../../libs/distributed-schedule/src/system/sha256.js';
import { SystemClock } from '../../../libs/distributed-schedule/src/system/system-clock.js';
import { SystemRandom } from '../../../libs/distributed-schedule/src/system/system-random.js';

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

/** As a retake does: again for as long as another attempt is at the job. */
export async function untilNotPending<Output>(
  run: () => Promise<OnceResult<Output>>,
): Promise<OnceResult<Output>> {
  for (;;) {
    const result = await run();
    if (result.kind !== 'pending') return result;
  }
}
