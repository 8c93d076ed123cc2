import type { Pool, PoolClient } from 'pg';
import { JobLine } from '../once/job-line.js';
import { storeUnreachable } from '../once/once-result.js';
import type {
  BeginVerdict,
  IdentityReply,
  JobStart,
  SnapshotReply,
  SnapshotStore,
} from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { Clock } from '../protocol/contract/ports.js';
import { migrationSql, tableNames } from './migration.js';
import { AGAIN, InBetween, upsertPending } from './pending-upsert.js';
import { requireFreeConnection } from './pool-clients.js';
import { PostgresAttempt } from './postgres-attempt.js';
import { failureOf, isUndone } from './postgres-failure.js';
import { PostgresSession } from './postgres-session.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import { SnapshotRows } from './snapshot-rows.js';
import { StoreIdentity } from './store-identity.js';
import type { SessionSource, StoreSession } from './store-session.js';

const AGAIN_MS = 20;
const NOT_AWAITED = 'the effect did not run: await runOnce before the application closes';

/**
 * An attempt is two transactions: a short one commits the pending snapshot; a second one locks that row, runs the effect,
 * and commits it with the success. Nobody else can begin before the second one ends.
 */
export class SessionSnapshotStore<Tx> implements SnapshotStore<Tx> {
  readonly isTransactional = true;
  private readonly rows: SnapshotRows<Tx>;
  private readonly identity: StoreIdentity;
  private readonly line: JobLine<Tx>;
  private migrated: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    open: SessionSource<Tx>,
    private readonly clock: Clock,
    private readonly settings: PostgresSnapshotSettings,
    private readonly onClose: () => Promise<void>,
  ) {
    this.rows = new SnapshotRows(open, settings);
    this.identity = new StoreIdentity(open, tableNames(settings));
    const { lockWaitMs, takeoverMs } = settings;
    this.line = new JobLine({ clock, waitMs: lockWaitMs, takeoverMs });
  }

  async read(jobId: string): Promise<SnapshotReply> {
    try {
      await this.requireTable();
    } catch (error) {
      return { answered: false, reason: this.rows.requirePassing(failureOf(error)) };
    }
    const reply = await this.rows.read(jobId);
    return reply.kind === 'read'
      ? { answered: true, snapshot: reply.value }
      : { answered: false, reason: reply.reason };
  }

  begin(start: JobStart, signal?: AbortSignal): Promise<BeginVerdict<Tx>> {
    return this.line.begin(start, signal, () => this.beginInTurn(start, signal));
  }

  private async beginInTurn(start: JobStart, signal?: AbortSignal): Promise<BeginVerdict<Tx>> {
    const giveUpMs = this.clock.monotonicMs() + this.settings.lockWaitMs;
    const between = new InBetween(this.clock, this.settings.lockWaitMs);
    for (;;) {
      const verdict = await this.tryBegin(start, between, signal);
      if (verdict !== AGAIN || signal?.aborted === true || this.clock.monotonicMs() >= giveUpMs)
        return verdict;
      await this.clock.sleepUntil(this.clock.monotonicMs() + AGAIN_MS, signal);
    }
  }

  async identify(): Promise<IdentityReply> {
    await this.requireTable();
    return this.identity.read();
  }

  isUndone(error: unknown): boolean {
    return isUndone(error);
  }

  /** Makes the table where it is missing. Any number of instances may call it at once, any number of times. */
  async migrate(): Promise<void> {
    const session = await this.rows.open();
    try {
      await session.query(migrationSql(this.settings));
      session.close();
    } catch (error) {
      session.close(true);
      throw error;
    }
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.onClose();
  }

  private async tryBegin(
    start: JobStart,
    between: InBetween,
    signal: AbortSignal | undefined,
  ): Promise<BeginVerdict<Tx>> {
    let session: StoreSession<Tx> | undefined;
    // What is waited for may take long, and a run that must end does not wait.
    const onAbort = (): void => session?.close(true);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await this.requireTable();
      session = await this.rows.open({ isNested: start.isNested === true });
      const verdict = await this.beginIn(session, { start, between }, signal);
      if (verdict.kind !== 'begun') session.close();
      return verdict;
    } catch (error) {
      session?.close(true);
      if (error instanceof DistributedScheduleError) throw error;
      // It was connected, so it was another attempt that it waited for.
      if (signal?.aborted === true && session !== undefined) return { kind: 'pending' };
      const failure = failureOf(error);
      if (failure.kind === 'locked') return { kind: 'pending' };
      // In a serializable transaction that is how the server says that the row has changed hands.
      if (failure.kind === 'undone') return AGAIN;
      const reason = this.rows.requirePassing(failure);
      // Asked again it would keep the process until the patience ends.
      if (this.isClosed) throw storeUnreachable(start.jobId, 'closed with its application', NOT_AWAITED);
      return { kind: 'unreachable', reason };
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async beginIn(
    session: StoreSession<Tx>,
    { start, between }: { readonly start: JobStart; readonly between: InBetween },
    signal: AbortSignal | undefined,
  ): Promise<BeginVerdict<Tx>> {
    const { jobId } = start;
    const begun = await this.rows.begin(session, { jobId });
    const verdict = await upsertPending(
      { session, rows: this.rows, settings: this.settings, begun, between },
      start,
    );
    if (verdict.kind !== 'upserted') {
      await session.rollback();
      return verdict;
    }
    const { snapshot } = verdict;
    await this.rows.begin(session, { isolation: this.settings.isolation });
    const now = await this.rows.lock(session, jobId);
    if (now?.updatedAtUs !== snapshot.updatedAtUs) {
      await session.rollback();
      return AGAIN;
    }
    const transaction = { session, id: await this.rows.lendSession(session, begun?.own_lock_timeout ?? '0') };
    return { kind: 'begun', attempt: new PostgresAttempt(snapshot, transaction, this.rows, signal) };
  }

  private async requireTable(): Promise<void> {
    if (!this.settings.migrate) return;
    this.migrated ??= this.migrate();
    try {
      await this.migrated;
    } catch (error) {
      // The next one tries again.
      this.migrated = undefined;
      throw error;
    }
  }
}

export class PostgresSnapshotStore extends SessionSnapshotStore<PoolClient> {
  constructor(pool: Pool, clock: Clock, settings: PostgresSnapshotSettings, onClose: () => Promise<void>) {
    const open: SessionSource<PoolClient> = async ({ isNested = false } = {}) => {
      if (isNested) requireFreeConnection(pool);
      return PostgresSession.open(pool, clock, settings.timeoutMs);
    };
    super(open, clock, settings, onClose);
  }
}
