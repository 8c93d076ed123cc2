import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { type DyingPostgres, startDyingPostgres } from '../../support/dying-postgres.js';
import { storeIn } from './once-in-postgres.js';

let server: DyingPostgres | undefined;
let pool: pg.Pool | undefined;

afterEach(async () => {
  await pool?.end();
  server?.close();
});

it('a server that dies as it greets is unreachable, and does not end the process', async () => {
  server = await startDyingPostgres();
  pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => undefined);
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => {
    unheard.push(error);
  };
  process.on('uncaughtException', hear);
  try {
    const reply = await storeIn(pool, { timeoutMs: 1_000 }).read('0'.repeat(32));
    expect(reply).toMatchObject({ answered: false });
    expect(unheard).toEqual([]);
  } finally {
    process.off('uncaughtException', hear);
  }
});
