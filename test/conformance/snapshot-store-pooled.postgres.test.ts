import { describe } from 'vitest';
import { lacksPgbouncer } from '../support/lacks-pgbouncer.js';
import { startPgbouncer } from '../support/pgbouncer.js';
import { startPostgres } from '../support/postgres-server.js';
import { postgresStage } from './postgres-stage.js';
import { describeSnapshotStore } from './snapshot-store.suite.js';

describe.skipIf(lacksPgbouncer('the snapshot store behind pgbouncer'))('with a real pooler', () => {
  for (const mode of ['transaction', 'session'] as const) {
    describeSnapshotStore(`in PostgreSQL, behind pgbouncer that pools by ${mode}`, async () => {
      const server = await startPostgres();
      const pooler = await startPgbouncer(server.url, { mode });
      return postgresStage(pooler.pool, {}, async () => {
        await pooler.stop();
        await server.stop();
      });
    });
  }
});
