import type { Pool, PoolClient } from 'pg';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import {
  type PostgresSnapshotSettings,
  resolvePostgresSettings,
} from '#src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { SystemClock } from '#src/system/system-clock.js';
import { endSession } from '../support/end-session.js';
import type { SnapshotStage } from './snapshot-store.suite.js';

/** Its half is how long the store's own transactions may be silent: longer than a pause of a busy machine. */
const LOCK_WAIT_MS = 500;

/** Two instances of the store, each with connections of its own. */
export function postgresStage(
  newPool: () => Pool,
  settings: Partial<PostgresSnapshotSettings>,
  close: () => Promise<void>,
): SnapshotStage {
  const open = () =>
    new PostgresSnapshotStore(
      newPool(),
      new SystemClock(),
      resolvePostgresSettings({ migrate: true, lockWaitMs: LOCK_WAIT_MS, ...settings }),
      async () => undefined,
    );
  const other = newPool();
  return {
    mine: open() as SnapshotStore,
    yours: open() as SnapshotStore,
    // What the server sees of a process that dies: its connection ends.
    crash: async ({ tx }) => {
      const { rows } = await (tx as PoolClient).query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await endSession(other, rows[0]?.pid);
    },
    // Nothing to wait for: the row's lock tells at once that its holder has gone.
    passTakeover: async () => undefined,
    close,
  };
}
