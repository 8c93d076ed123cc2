import type { EndVerdict, Snapshot } from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { tableNames } from './migration.js';
import { failureOf, type PostgresFailure, requirePassing } from './postgres-failure.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import {
  type Begun,
  beginSql,
  COLUMNS,
  endHolderSql,
  jsonOf,
  type SnapshotRow,
  snapshotOf,
  timestampOf,
} from './snapshot-row.js';
import type { SessionSource, StoreSession } from './store-session.js';

export type TableReply<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'unread'; readonly reason: string };

/** The statements on the table. Those with a session run in its transaction. */
export class SnapshotRows<Tx> {
  readonly table: string;

  constructor(
    /** @throws what the pool throws, or when there is no connection within the limit */
    readonly open: SessionSource<Tx>,
    private readonly settings: PostgresSnapshotSettings,
  ) {
    this.table = tableNames(settings).table;
  }

  /**
   * Begins a transaction and answers with the server's time and the session's own bound on locks. Locks are waited for within a
   * bound of ours; and the server itself ends a transaction whose client has gone silent, be it stopped, cut off or asleep, so that its
   * locks are freed: also where it is silent in the middle of an answer.
   * @param isolation of the effect's transaction. Absent: one of the store's own, in which nobody is silent for long, so
   *   its lock is soon freed
   * @param jobId of the job whose pending attempt is asked for, 32 hex digits
   */
  async begin(
    session: StoreSession<Tx>,
    { isolation, jobId }: { readonly isolation?: string; readonly jobId?: string } = {},
  ): Promise<Begun | undefined> {
    const sql = beginSql(this.table, this.settings, isolation === undefined, jobId);
    const [begun] = await session.begin<Begun>(isolation ?? 'READ COMMITTED', sql);
    return begun;
  }

  /** Gives the effect the session's own bound on locks: ours was for the row. Answers the transaction's id. */
  async lendSession(session: StoreSession<Tx>, ownLockTimeout: string): Promise<string | undefined> {
    const sql = "SELECT set_config('lock_timeout', $1, true), txid_current()::text AS id";
    const [row] = await session.query<{ readonly id: string }>(sql, [ownLockTimeout]);
    return row?.id;
  }

  /** An attempt with a larger token may wait for as long as a silent one lives. */
  async waitForTakeover(session: StoreSession<Tx>): Promise<void> {
    await session.query(`SET LOCAL lock_timeout = ${this.settings.takeoverMs}`);
  }

  /** Ends the session that has the row locked as it was seen, if it is of the same role. Shared locks are not ours. */
  async endHolder(session: StoreSession<Tx>, jobId: string, updatedAtUs: string): Promise<void> {
    await session.query(endHolderSql(this.table), [jobId, updatedAtUs]);
  }

  async endAttempt({ jobId, updatedAtUs }: Snapshot): Promise<void> {
    const ending = this.alone((session) => this.endHolder(session, jobId, String(updatedAtUs)));
    await ending.catch(() => undefined);
  }

  /** Answers whether the row is new. Waits for an attempt that is writing the same row, within the bound. */
  async insert(
    session: StoreSession<Tx>,
    pending: Snapshot,
    waitMs = this.settings.lockWaitMs,
  ): Promise<boolean> {
    const sql =
      `INSERT INTO ${this.table} (job_id, status, snapshot, updated_at) ` +
      `VALUES ($1, 'pending', $2::jsonb, ${timestampOf('$3')}) ON CONFLICT (job_id) DO NOTHING RETURNING job_id`;
    const values = [pending.jobId, jsonOf(pending), pending.updatedAtUs];
    return (await session.query(sql, values, waitMs)).length > 0;
  }

  async lock(
    session: StoreSession<Tx>,
    jobId: string,
    waitMs = this.settings.lockWaitMs,
  ): Promise<Snapshot | undefined> {
    return this.select(session, jobId, 'FOR UPDATE', waitMs);
  }

  /**
   * Writes where the row is still the one that was read, and in that very transaction where it is named.
   * `isVolatile`: a crash of the server may take the transaction back once it is committed.
   */
  async replace(
    session: StoreSession<Tx>,
    after: Snapshot,
    readAtUs: number,
    transactionId?: string,
  ): Promise<{ readonly snapshot: Snapshot; readonly isVolatile: boolean } | undefined> {
    // Grows even when the server's clock does not: it is the optimistic lock.
    const atSql =
      after.status === 'pending'
        ? timestampOf('$5')
        : `greatest(clock_timestamp(), ${timestampOf('$5')} + interval '1 microsecond')`;
    const sql =
      `UPDATE ${this.table} SET status = $3, snapshot = $4::jsonb, updated_at = ${atSql} ` +
      `WHERE job_id = $1 AND updated_at = ${timestampOf('$2')} ` +
      `AND txid_current() = coalesce($6::bigint, txid_current()) RETURNING ${COLUMNS}, current_setting('synchronous_commit') AS commits`;
    const values = [after.jobId, readAtUs, after.status, jsonOf(after), after.updatedAtUs, transactionId];
    type Row = SnapshotRow & { readonly commits: string };
    const [row] = await session.query<Row>(sql, values, this.settings.lockWaitMs);
    return row === undefined ? undefined : { snapshot: snapshotOf(row), isVolatile: row.commits === 'off' };
  }

  /** The row as it is committed now. */
  read(jobId: string): Promise<TableReply<Snapshot | undefined>> {
    return this.alone((session) => this.select(session, jobId));
  }

  /** The row after its lock was freed: what is committed then stays so. */
  readDecided(jobId: string): Promise<TableReply<Snapshot | undefined>> {
    return this.alone(async (session) => {
      await this.begin(session);
      const snapshot = await this.lock(session, jobId);
      await session.rollback();
      return snapshot;
    });
  }

  /** Ends an attempt in a transaction of its own. May be repeated. */
  async end(after: Snapshot): Promise<EndVerdict> {
    const reply = await this.alone(async (session) => {
      await this.begin(session);
      const written = await this.replace(session, after, after.begunAtUs);
      const now = written?.snapshot ?? (await this.select(session, after.jobId));
      await session.commit();
      return now;
    });
    if (reply.kind === 'unread') return { kind: 'unreachable', reason: reply.reason };
    const { value } = reply;
    const isOurs = value?.begunAtUs === after.begunAtUs && value.status === after.status;
    if (value !== undefined && isOurs) return { kind: 'written', snapshot: value };
    return { kind: 'superseded', ...(value === undefined ? {} : { snapshot: value }) };
  }

  requirePassing(failure: PostgresFailure, cause?: unknown): string {
    return requirePassing(failure, this.table, cause);
  }

  private async select(
    session: StoreSession<Tx>,
    jobId: string,
    lock = '',
    waitMs = 0,
  ): Promise<Snapshot | undefined> {
    const sql = `SELECT ${COLUMNS} FROM ${this.table} WHERE job_id = $1 ${lock}`;
    const [row] = await session.query<SnapshotRow>(sql, [jobId], waitMs);
    return row === undefined ? undefined : snapshotOf(row);
  }

  private async alone<Value>(
    work: (session: StoreSession<Tx>) => Promise<Value>,
  ): Promise<TableReply<Value>> {
    let session: StoreSession<Tx> | undefined;
    try {
      session = await this.open();
      const value = await work(session);
      session.close();
      return { kind: 'read', value };
    } catch (error) {
      session?.close(true);
      if (error instanceof DistributedScheduleError) throw error;
      return { kind: 'unread', reason: this.requirePassing(failureOf(error)) };
    }
  }
}
