/** What a test waits for instead of a time: a statement is under way at the server, or waits for a lock of the test's own. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

const LOCK = 7;
/** A condition of SQL that is true as soon as the lock of {@link holdLock} is free. */
export const LOCK_IS_FREE = `pg_advisory_xact_lock(${LOCK}) IS NOT NULL`;

const LOOK_EVERY_MS = 10;
const AWAITED_WITHIN_MS = 10_000;

/** Whether one session is at a statement like that, ILIKE. */
export async function isActive(outside: Pool, like: string): Promise<boolean> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE query ILIKE $1 AND state = 'active'`;
  return (await outside.query(sql, [like])).rowCount === 1;
}

export interface HeldLock {
  /** Resolves when a statement waits for it. */
  isAwaited(): Promise<void>;
  free(): void;
}

export async function holdLock(outside: Pool): Promise<HeldLock> {
  const holder = await outside.connect();
  await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
  return {
    async isAwaited() {
      const deadlineMs = performance.now() + AWAITED_WITHIN_MS;
      const sql = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
      while ((await holder.query(sql)).rowCount !== 1) {
        if (performance.now() > deadlineMs) throw new Error('no statement waits for the lock');
        await sleep(LOOK_EVERY_MS);
      }
    },
    free() {
      void holder.query(`SELECT pg_advisory_unlock(${LOCK})`).finally(() => holder.release());
    },
  };
}

export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

export function newGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
