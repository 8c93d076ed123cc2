/** An ORM over a test's own PostgreSQL, as the suites ask it. */

import type { Pool } from 'pg';
import type { SnapshotSource } from '#src/once/snapshot-store.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import type { PostgresSnapshotSettings } from '#src/postgres/postgres-snapshot-settings.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import type { PostgresServer } from './postgres-server.js';

/** What runOnce needs beside a store. */
export const ONCE_PARTS = {
  ...{ clock: new SystemClock(), random: new SystemRandom(), digest: sha256Hex },
  ...{ mostKeptChars: 16_384, patience: DEFAULT_PATIENCE, namespace: 'test' },
};

/** One application: an ORM with a pool of its own. */
export interface OrmApp<Tx> {
  snapshots(settings: Partial<PostgresSnapshotSettings>): SnapshotSource<Tx>;
  /** Adds 1 to the one row of `counter`, as the ORM's own calls do. */
  add(tx: Tx): Promise<unknown>;
  /** A text of SQL, as the ORM sends it. */
  raw(tx: Tx, sql: string): Promise<unknown>;
  /** A transaction inside the transaction, by the ORM's own calls. */
  nested(tx: Tx, work: (inner: Tx) => Promise<unknown>): Promise<unknown>;
  /** Ends the transaction, or the loan of its connection, by the ORM's own calls, where the effect gets at such. */
  readonly ends?: Readonly<Partial<Record<'commit' | 'rollback' | 'release', (tx: Tx) => Promise<unknown>>>>;
  close(): Promise<void>;
}

export interface OrmKind<Tx> {
  readonly name: string;
  /** Whether the store reaches the client of `pg` beneath. */
  readonly isGuarded: boolean;
  /** It finds its client by the server's session, which is another one behind a pooler: not to be used there, and refused. */
  readonly needsOwnSession?: boolean;
  open(url: string, connections: number): Promise<OrmApp<Tx>>;
}

/** @param outside a pool of the test's own */
export async function makeCounter(server: PostgresServer): Promise<Pool> {
  const outside = server.pool();
  await outside.query(`
    CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO counter VALUES (1, 0);
    CREATE TABLE slow_commit (n INTEGER);
    CREATE FUNCTION be_slow() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow_commit DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION be_slow();`);
  return outside;
}
