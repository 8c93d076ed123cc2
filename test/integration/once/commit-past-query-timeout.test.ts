import knexOver, { type Knex } from 'knex';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knexSnapshots } from '#src/knex/knex-snapshots.js';
import { runOnce } from '#src/once/run-once.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { makeCounter } from '../../support/orm-stage.js';
import { sharedPostgres } from '../../support/shared-servers.js';

const PARTS = {
  ...{ clock: new SystemClock(), random: new SystemRandom(), digest: sha256Hex, signal: undefined },
  ...{ mostKeptChars: 16_384, patience: DEFAULT_PATIENCE, namespace: 'test' },
};
const SILENT = { warn: () => undefined, error: () => undefined };

describe.skipIf(lacksPostgres('a COMMIT that takes longer than query_timeout'))('a COMMIT', () => {
  const server = sharedPostgres();
  let outside: Pool;
  let knex: Knex;

  beforeAll(async () => {
    outside = await makeCounter(server);
    // Shorter than slow_commit takes.
    const connection = { connectionString: server.url, query_timeout: 300 };
    knex = knexOver({ client: 'pg', connection, pool: { min: 0, max: 4 }, log: SILENT });
  });
  afterAll(() => knex?.destroy());

  it('of which the ORM says in words of its own that it has no answer is looked up', async () => {
    const store = knexSnapshots({ knex, migrate: true }).open(PARTS);
    const done = await runOnce({ ...PARTS, store }, { jobId: 'a'.repeat(32) }, async (tx) => {
      await tx('counter').increment('n', 1);
      await tx('slow_commit').insert({ n: 1 });
    });
    expect(done).toMatchObject({ kind: 'ran', snapshot: { status: 'success' } });
    expect((await outside.query('SELECT n FROM counter')).rows).toEqual([{ n: 1 }]);
  });
});
