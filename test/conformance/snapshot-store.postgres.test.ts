import type { PoolClient } from 'pg';
import { describe } from 'vitest';
import { resolvePostgresSettings } from '../../libs/distributed-schedule/src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '../../libs/distributed-schedule/src/postgres/postgres-snapshot-store.js';
import type { SnapshotStore } from '../../libs/distributed-schedule/src/protocol/snapshot/snapshot-store.js';
import { SystemClock } from '../../libs/distributed-schedule/src/system/system-clock.js';
import { lacksPostgres } from '../support/lacks-postgres.js';
import { startPostgres } from '../support/postgres-server.js';
import { describeSnapshotStore } from './snapshot-store.suite.js';

const LOCK_WAIT_MS = 100;

describe.skipIf(lacksPostgres('the snapshot store in PostgreSQL'))('with a real server', () => {
  for (const isolation of ['read committed', 'serializable'] as const) {
    describeSnapshotStore(`in PostgreSQL, ${isolation}`, async () => {
      const server = await startPostgres();
      const open = () =>
        new PostgresSnapshotStore(
          server.pool(),
          new SystemClock(),
          resolvePostgresSettings({ migrate: true, lockWaitMs: LOCK_WAIT_MS, isolation }),
          async () => undefined,
        );
      const [mine, yours] = [open(), open()];
      return {
        mine: mine as SnapshotStore,
        yours: yours as SnapshotStore,
        // What the server sees of a process that dies: its connection ends.
        crash: async ({ tx }) => {
          const { rows } = await (tx as PoolClient).query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          await server.pool().query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
        },
        // Nothing to wait for: the row's lock tells at once that its holder has gone.
        passTakeover: async () => undefined,
        close: () => server.stop(),
      };
    });
  }
});
