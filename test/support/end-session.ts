import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

const GONE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** Ends a session of a PostgreSQL server and resolves when it has gone. The server's own wait for that is of version 14. */
export async function endSession(pool: Pool, pid: number | undefined): Promise<void> {
  await pool.query('SELECT pg_terminate_backend($1)', [pid]);
  const deadlineMs = performance.now() + GONE_WITHIN_MS;
  while ((await pool.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).rows.length > 0) {
    if (performance.now() > deadlineMs) throw new Error(`session ${pid} does not end`);
    await sleep(LOOK_EVERY_MS);
  }
}
