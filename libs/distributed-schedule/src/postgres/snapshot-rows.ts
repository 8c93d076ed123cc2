import type { Pool } from 'pg';
import type { Clock } from '../protocol/ports.js';
import type { EndVerdict, Snapshot } from '../protocol/snapshot/snapshot-store.js';
import { tableNames } from './migration.js';
import { failureOf, type PostgresFailure, refusal } from './postgres-failure.js';
import { PostgresSession } from './postgres-session.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import { COLUMNS, instant, jsonOf, NOW_US, type SnapshotRow, snapshotOf } from './snapshot-row.js';

/** What a statement by itself came to. */
export type TableReply<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'unread'; readonly reason: string };

/** The statements on the table. Those with a session run in its transaction. */
export class SnapshotRows {
  readonly table: string;

  constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
    private readonly settings: PostgresSnapshotSettings,
  ) {
    this.table = tableNames(settings).table;
  }

  /** @throws what the pool throws, or when there is no connection within the limit */
  open(): Promise<PostgresSession> {
    return PostgresSession.open(this.pool, this.clock, this.settings.timeoutMs);
  }

  /**
   * Text that begins a transaction and answers with the server's time. Locks are waited for within a bound; and the server
   * itself ends a transaction whose client has gone silent, be it stopped, cut off or asleep, so that its locks are freed.
   */
  beginSql(isolation = 'READ COMMITTED'): string {
    const { lockWaitMs, takeoverMs } = this.settings;
    return (
      `BEGIN ISOLATION LEVEL ${isolation}; SET LOCAL lock_timeout = ${lockWaitMs}; ` +
      `SET LOCAL idle_in_transaction_session_timeout = ${takeoverMs}; SELECT ${NOW_US}`
    );
  }

  /** Of the transaction that is open. An effect that ends it by itself is in another one afterwards. */
  async transactionId(session: PostgresSession): Promise<string | undefined> {
    // The bound was for our row: how long the effect waits for locks of its own is the application's business.
    const sql = 'SET LOCAL lock_timeout TO DEFAULT; SELECT txid_current()::text AS id';
    const [row] = await session.query<{ readonly id: string }>(sql);
    return row?.id;
  }

  /** Answers whether the row is new. Waits for an attempt that is writing the same row, within the bound. */
  async insert(session: PostgresSession, pending: Snapshot): Promise<boolean> {
    const sql =
      `INSERT INTO ${this.table} (job_id, status, snapshot, updated_at) ` +
      `VALUES ($1, 'pending', $2::jsonb, ${instant('$3')}) ON CONFLICT (job_id) DO NOTHING RETURNING job_id`;
    const values = [pending.jobId, jsonOf(pending), pending.updatedAtUs];
    return (await session.query(sql, values, this.settings.lockWaitMs)).length > 0;
  }

  /** The row, locked to the end of the transaction. Waits for an attempt that has it locked, within the bound. */
  async lock(session: PostgresSession, jobId: string): Promise<Snapshot | undefined> {
    return this.select(session, jobId, 'FOR UPDATE');
  }

  /**
   * Writes a snapshot where the row is still the one that was read; answers with what was written, if it was.
   * @param transactionId of the transaction that this has to be in, where that could have ended by itself
   */
  async replace(
    session: PostgresSession,
    after: Snapshot,
    readAtUs: number,
    transactionId?: string,
  ): Promise<Snapshot | undefined> {
    // Grows even when the server's clock does not: it is the optimistic lock.
    const atSql =
      after.status === 'pending'
        ? instant('$5')
        : `greatest(clock_timestamp(), ${instant('$5')} + interval '1 microsecond')`;
    const sql =
      `UPDATE ${this.table} SET status = $3, snapshot = $4::jsonb, updated_at = ${atSql} ` +
      `WHERE job_id = $1 AND updated_at = ${instant('$2')} ` +
      `AND txid_current() = coalesce($6::bigint, txid_current()) RETURNING ${COLUMNS}`;
    const values = [after.jobId, readAtUs, after.status, jsonOf(after), after.updatedAtUs, transactionId];
    const [row] = await session.query<SnapshotRow>(sql, values, this.settings.lockWaitMs);
    return row === undefined ? undefined : snapshotOf(row);
  }

  /** The row as it is committed now. */
  read(jobId: string): Promise<TableReply<Snapshot | undefined>> {
    return this.alone((session) => this.select(session, jobId));
  }

  /** The row once whoever had it locked has ended: what is committed then stays so. */
  readDecided(jobId: string): Promise<TableReply<Snapshot | undefined>> {
    return this.alone(async (session) => {
      await session.query(this.beginSql());
      const snapshot = await this.lock(session, jobId);
      await session.query('ROLLBACK');
      return snapshot;
    });
  }

  /** Ends an attempt in a transaction of its own. May be repeated. */
  async end(after: Snapshot): Promise<EndVerdict> {
    const reply = await this.alone(async (session) => {
      await session.query(this.beginSql());
      const written = await this.replace(session, after, after.begunAtUs);
      const now = written ?? (await this.select(session, after.jobId));
      await session.query('COMMIT');
      return now;
    });
    if (reply.kind === 'unread') return { kind: 'unreachable', reason: reply.reason };
    const { value } = reply;
    const isOurs = value?.begunAtUs === after.begunAtUs && value.status === after.status;
    if (value !== undefined && isOurs) return { kind: 'written', snapshot: value };
    return { kind: 'superseded', ...(value === undefined ? {} : { snapshot: value }) };
  }

  /**
   * Why there was no answer, for what asking again can mend.
   * @throws DistributedScheduleError DSCHED_NOT_MIGRATED, DSCHED_STORE_REFUSED for everything else
   */
  requirePassing(failure: PostgresFailure, cause?: unknown): string {
    switch (failure.kind) {
      case 'locked':
        return 'locked';
      case 'undone':
      case 'unreachable':
        return failure.reason;
      case 'not_migrated':
      case 'refused':
        throw refusal(failure, this.table, cause);
      default:
        return failure satisfies never;
    }
  }

  private async select(session: PostgresSession, jobId: string, lock = ''): Promise<Snapshot | undefined> {
    const sql = `SELECT ${COLUMNS} FROM ${this.table} WHERE job_id = $1 ${lock}`;
    const [row] = await session.query<SnapshotRow>(sql, [jobId], this.settings.lockWaitMs);
    return row === undefined ? undefined : snapshotOf(row);
  }

  private async alone<Value>(work: (session: PostgresSession) => Promise<Value>): Promise<TableReply<Value>> {
    let session: PostgresSession | undefined;
    try {
      session = await this.open();
      const value = await work(session);
      session.close();
      return { kind: 'read', value };
    } catch (error) {
      session?.close(true);
      return { kind: 'unread', reason: this.requirePassing(failureOf(error)) };
    }
  }
}
