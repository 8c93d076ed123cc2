import { describe } from 'vitest';
import { lacksPostgres } from '../support/lacks-postgres.js';
import { startPostgres } from '../support/postgres-server.js';
import { postgresStage } from './postgres-stage.js';
import { describeSnapshotStore } from './snapshot-store.suite.js';

describe.skipIf(lacksPostgres('the snapshot store in PostgreSQL'))('with a real server', () => {
  for (const isolation of ['read committed', 'serializable'] as const) {
    describeSnapshotStore(`in PostgreSQL, ${isolation}`, async () => {
      const server = await startPostgres();
      return postgresStage(
        () => server.pool(),
        { isolation },
        () => server.stop(),
      );
    });
  }
});
