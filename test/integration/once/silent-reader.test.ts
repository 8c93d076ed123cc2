import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacksPgbouncer } from '../../support/lacks-pgbouncer.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, runUntilDecided, storeIn } from './once-in-postgres.js';

const TAKEOVER_MS = 1_000;
/** More than all buffers on the way hold. */
const LARGE = "SELECT repeat('x', 10000) FROM generate_series(1, 10000)";

/** As a process that was stopped: the kernel acknowledges until its buffer is full, and nobody reads. */
function stopReading(client: PoolClient): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.pause();
  // The driver would go on with every chunk.
  stream.resume = () => stream;
}

describe.skipIf(lacksPostgres('processes that stop in the middle of an answer'))('a process', () => {
  const server = sharedPostgres();
  let pooler: Pgbouncer | undefined;

  beforeAll(async () => {
    await server.pool().query('CREATE TABLE ledger (text TEXT PRIMARY KEY)');
    await storeIn(server.pool()).migrate();
  });
  afterAll(() => pooler?.stop());

  const ways = ['PostgreSQL', ...(lacksPgbouncer('the same behind pgbouncer') ? [] : ['pgbouncer'])];
  it.each(ways)(
    'that stops in the middle of an answer of %s is ended by the server, and taken over',
    async (way) => {
      if (way === 'pgbouncer') pooler = await startPgbouncer(server.url, { mode: 'transaction' });
      const pool = pooler === undefined ? server.pool() : pooler.pool();
      const store = storeIn(pool, { takeoverMs: TAKEOVER_MS, lockWaitMs: 900 });
      const job = newJob();
      let second: Promise<{ readonly kind: string }> | undefined;
      const run = new AbortController();
      const first = runIn(
        store,
        job,
        async (tx) => {
          await tx.query('INSERT INTO ledger VALUES ($1)', [`${way} reader`]);
          const reading = tx.query(LARGE).catch(() => undefined);
          stopReading(tx);
          second = runUntilDecided(store, job, (other) =>
            other.query('INSERT INTO ledger VALUES ($1)', [way]),
          );
          await second;
          run.abort(new Error('awake'));
          await reading;
        },
        { signal: run.signal },
      );
      await expect(first).rejects.toThrow();
      expect(await second).toMatchObject({ kind: 'ran', snapshot: { attempt: 2 } });
      const { rows } = await server.pool().query("SELECT text FROM ledger WHERE text LIKE $1 || '%'", [way]);
      expect(rows).toEqual([{ text: way }]);
    },
  );
});
