import type { EndVerdict, KeptValue, OpenAttempt, Snapshot } from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { refused } from './lent-client.js';
import { failureOf } from './postgres-failure.js';
import type { SnapshotRows } from './snapshot-rows.js';
import type { Loan, StoreSession } from './store-session.js';

/** One attempt in its transaction, which locks the job's row. If the process dies, the pending snapshot is left. */
export class PostgresAttempt<Tx> implements OpenAttempt<Tx> {
  readonly tx: Tx;
  private readonly session: StoreSession<Tx>;
  private readonly lent: Loan<Tx>;
  /** The answer to COMMIT was lost. */
  private isInDoubt = false;
  private isVolatile = false;

  constructor(
    readonly snapshot: Snapshot,
    private readonly transaction: { readonly session: StoreSession<Tx>; readonly id: string | undefined },
    private readonly rows: SnapshotRows<Tx>,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.session = transaction.session;
    this.lent = this.session.lend();
    this.tx = this.lent.tx;
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (signal?.aborted === true) this.onAbort();
  }

  async succeed(output: KeptValue): Promise<EndVerdict> {
    if (this.isInDoubt) return this.settleDoubt();
    const unfinished = await this.finish();
    if (unfinished !== undefined) return unfinished;
    await this.requireAwaited();
    this.signal?.removeEventListener('abort', this.onAbort);
    let success: Snapshot | undefined;
    try {
      const after: Snapshot = { ...this.snapshot, status: 'success', output };
      const { id } = this.transaction;
      const written = await this.rows.replace(this.session, after, this.snapshot.updatedAtUs, id);
      success = written?.snapshot;
      this.isVolatile = written?.isVolatile ?? false;
    } catch (error) {
      return this.undoneBy(error);
    }
    if (success === undefined) {
      await this.abandon();
      throw new DistributedScheduleError(
        'DSCHED_STORE_REFUSED',
        'the effect has ended its transaction by itself, or changed the row of its own snapshot; leave both to runOnce',
        { value: this.snapshot.jobId },
      );
    }
    return this.commit(success);
  }

  async fail(error: string): Promise<EndVerdict> {
    await this.abandon();
    return this.rows.end({ ...this.snapshot, status: 'failed', error });
  }

  async abandon(): Promise<void> {
    this.lent.seal();
    this.signal?.removeEventListener('abort', this.onAbort);
    try {
      await this.session.rollback();
      this.session.close();
    } catch {
      this.session.close(true);
    }
  }

  /** A statement of the effect to a host that is cut off would wait for ever, and the handler with it. */
  private readonly onAbort = (): void => {
    const underWay = this.lent.seal();
    this.session.close(true);
    // The server does not look at its connection while a statement is under way, and holds the row until that ends.
    if (underWay > 0) void this.rows.endAttempt(this.snapshot);
  };

  /** As if the effect had done it: what goes wrong there is its failure, which may be undone as well. */
  private async finish(): Promise<EndVerdict | undefined> {
    try {
      await this.lent.finish?.();
      return undefined;
    } catch (error) {
      const { kind } = failureOf(error);
      if (kind === 'undone' || kind === 'transaction_failed') return this.undoneBy(error);
      await this.abandon();
      throw error;
    }
  }

  /** What is under way belongs to a branch of the effect that may want to go on: half of it would be committed. */
  private async requireAwaited(): Promise<void> {
    const underWay = this.lent.seal();
    if (underWay === 0 || this.session.isBroken) return;
    await this.abandon();
    throw refused(
      `the effect returned while ${underWay} of its statements had not been answered: await all that you do with tx`,
      { value: underWay },
    );
  }

  private async commit(success: Snapshot): Promise<EndVerdict> {
    let tag: string | undefined;
    try {
      tag = await this.session.commit();
    } catch (error) {
      if (failureOf(error).kind !== 'unreachable') return this.undoneBy(error);
      this.session.close(true);
      return this.settleDoubt();
    }
    this.session.close();
    if (tag === undefined) return this.settleDoubt();
    // So PostgreSQL answers where a statement has failed that nobody heard of: everything is rolled back.
    if (tag !== 'COMMIT') {
      const why = 'a statement of the effect has failed, and nothing is kept';
      throw refused(`PostgreSQL answered COMMIT with ${tag}: ${why}`, { value: tag });
    }
    return this.written(success);
  }

  private async undoneBy(error: unknown): Promise<EndVerdict> {
    await this.abandon();
    if (error instanceof DistributedScheduleError) throw error;
    // With its cause: a constraint that is checked at COMMIT is the application's to read.
    return { kind: 'undone', reason: this.rows.requirePassing(failureOf(error), error) };
  }

  /** Whether a COMMIT without an answer was carried out. The row's lock says when that is decided for good. */
  private async settleDoubt(): Promise<EndVerdict> {
    this.isInDoubt = true;
    const reply = await this.rows.readDecided(this.snapshot.jobId);
    if (reply.kind === 'unread') return { kind: 'unreachable', reason: reply.reason };
    const { value } = reply;
    if (value?.begunAtUs !== this.snapshot.begunAtUs) {
      return { kind: 'superseded', ...(value === undefined ? {} : { snapshot: value }) };
    }
    return value.status === 'success'
      ? this.written(value)
      : { kind: 'undone', reason: 'the connection was lost before COMMIT' };
  }

  private written(snapshot: Snapshot): EndVerdict {
    return { kind: 'written', snapshot, ...(this.isVolatile && { isVolatile: true }) };
  }
}
