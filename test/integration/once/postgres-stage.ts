/** A server with a table that effects write to, and a store on it, for all tests of a `describe`. */

import { beforeAll } from 'vitest';
import type { PostgresSnapshotSettings } from '#src/postgres/postgres-snapshot-settings.js';
import type { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { whichever } from '../../support/between.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { storeIn } from './once-in-postgres.js';

export const INSERT = 'INSERT INTO ledger VALUES ($1)';

export interface PostgresStage {
  readonly server: PostgresServer;
  readonly store: PostgresSnapshotStore;
  rowsOf(text: string): Promise<number>;
  statusOf(jobId: string): Promise<string | undefined>;
}

export function postgresStage(settings: Partial<PostgresSnapshotSettings> = {}): PostgresStage {
  const server = sharedPostgres();
  let opened: PostgresSnapshotStore | undefined;
  beforeAll(async () => {
    await server.pool().query('CREATE TABLE ledger (text TEXT PRIMARY KEY)');
    opened = storeIn(server.pool(), settings);
    await opened.migrate();
  });
  const store = whichever(() => {
    if (opened === undefined) throw new Error('the store is not open yet: ask for it in a test');
    return opened;
  });
  return {
    server,
    store,
    rowsOf: async (text) =>
      (await server.pool().query('SELECT 1 FROM ledger WHERE text = $1', [text])).rowCount ?? 0,
    statusOf: async (jobId) => {
      const reply = await store.read(jobId);
      return reply.answered ? reply.snapshot?.status : reply.reason;
    },
  };
}
