import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { BACKEND_SQL, type Backend, END_BACKEND_SQL } from './backend.js';
import { ClientGuard } from './client-guard.js';
import { deferred } from './deferred.js';
import { driverError, isServerError } from './driver-error.js';
import { Unanswered } from './postgres-session.js';
import type { IsolationLevel } from './postgres-snapshot-settings.js';
import type { Loan } from './store-session.js';
import type { TransactionConnection, Transactions } from './transactions.js';

/** With this an ORM is told to roll back. It is not an error of anybody's. */
const ROLL_BACK = new Error('rolled back by runOnce');

class NoConnection extends Error {
  readonly code: string;

  /** @param cause with the code of the system, such as ECONNREFUSED, where it is the network */
  constructor(cause: unknown) {
    super('no transaction was begun', { cause });
    const { code } = (cause ?? {}) as { readonly code?: unknown };
    this.code = typeof code === 'string' && SYSTEM_CODE.test(code) ? code : 'NO_CONNECTION';
  }
}

const SYSTEM_CODE = /^E[A-Z_]{3,}$/;

type Statement = (sql: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

/** One transaction of an ORM: a function of the store's waits in it until the store wants it to end. */
export class OpenTransaction<Tx> implements Loan<Tx> {
  /** Rejects when there is no transaction. */
  readonly opened: Promise<void>;
  private readonly over: Promise<void>;
  private readonly ending = deferred<void>();
  private lent: { readonly tx: Tx } | undefined;
  private guard: ClientGuard | undefined;
  private ask: Statement | undefined;
  private who: Backend | undefined;
  private isClosed = false;
  /** Statements of the store. */
  private underWay = 0;
  /** From then on an effect may have some of which only a guard knows. */
  private isLent = false;

  constructor(
    private readonly transactions: Transactions<Tx>,
    isolation: IsolationLevel,
  ) {
    const opened = deferred<void>();
    this.opened = opened.promise;
    this.over = this.run(isolation, opened.resolve);
    this.over.then(
      () => opened.reject(new Unanswered()),
      (error: unknown) => opened.reject(error),
    );
    // Those who wait for them are told; nobody may wait.
    this.ending.promise.catch(() => undefined);
    this.opened.catch(() => undefined);
  }

  get tx(): Tx {
    if (this.lent === undefined) throw new Unanswered();
    this.isLent = true;
    return this.lent.tx;
  }

  get isBroken(): boolean {
    return this.guard?.brokenBy !== undefined;
  }

  get wasEndedBy(): string | undefined {
    return this.guard?.wasEndedBy;
  }

  get tag(): string | undefined {
    return this.guard?.tag;
  }

  seal(): number {
    return this.guard?.seal() ?? 0;
  }

  async finish(): Promise<void> {
    // An ORM may take a transaction that has ended for none, and write outside of any.
    if (this.wasEndedBy !== undefined) return;
    await this.transactions.finish?.(this.tx);
  }

  async statement(sql: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    if (this.ask === undefined || this.isClosed) throw new Unanswered();
    this.underWay += 1;
    try {
      return await this.ask(sql, values);
    } catch (error) {
      throw this.originalOf(error);
    } finally {
      this.underWay -= 1;
    }
  }

  async commit(): Promise<void> {
    this.guard?.expectEnd();
    this.ending.resolve();
    await this.over;
  }

  async rollback(): Promise<void> {
    this.guard?.expectEnd();
    this.ending.reject(ROLL_BACK);
    await this.over.catch((error: unknown) => {
      if (error !== ROLL_BACK) throw error;
    });
  }

  /** Ends the connection, or the server's process, where a statement is under way; else rolls back. Resolves at the end. */
  async end(): Promise<void> {
    const isBusy = this.guard?.isBusy ?? this.isLent;
    if (isBusy || this.underWay > 0) this.cut();
    await this.rollback().catch(() => undefined);
  }

  /** Whatever is under way. */
  cut(): void {
    if (this.isClosed) return;
    if (this.guard !== undefined) this.guard.end();
    else if (this.who !== undefined) this.terminate(this.who);
  }

  private async run(isolation: IsolationLevel, opened: () => void): Promise<void> {
    try {
      await this.transactions.transaction(isolation, async (tx) => {
        await this.enter(tx);
        opened();
        await this.ending.promise;
      });
    } catch (error) {
      throw this.failureOf(error);
    } finally {
      this.isClosed = true;
      this.guard?.lift();
    }
  }

  /** What an ORM says of its pool or of a connection that has ended has no code, and some change what the driver says. */
  private failureOf(error: unknown): unknown {
    if (error === ROLL_BACK || error instanceof DistributedScheduleError) return error;
    const original = this.originalOf(error);
    if (isServerError(original)) return original;
    if (this.lent === undefined) return new NoConnection(original);
    if (this.guard?.brokenBy !== undefined) return this.guard.brokenBy;
    // Whatever an ORM says of a COMMIT that it has sent: the server may have carried it out.
    return this.guard?.hasAskedCommit === true ? new Unanswered('COMMIT', { cause: original }) : original;
  }

  private originalOf(error: unknown): unknown {
    return driverError(this.transactions.original?.(error) ?? error);
  }

  private async enter(tx: Tx): Promise<void> {
    const connection = await this.transactions.connection(tx);
    // Some begin although BEGIN has failed: the connection is somebody else's then.
    if (this.isClosed) throw new Unanswered();
    requireConnection(connection);
    this.lent = { tx };
    if ('client' in connection) {
      const guard = new ClientGuard(connection.client);
      this.guard = guard;
      this.ask = (sql, values) => guard.statement(sql, values);
      return;
    }
    this.ask = (sql, values) => connection.query(sql, values);
    const [who] = await connection.query(BACKEND_SQL, []);
    this.who = who as Backend;
  }

  private terminate({ pid, began_us }: Backend): void {
    const ended = this.transactions.transaction('read committed', async (tx) => {
      const connection = await this.transactions.connection(tx);
      if ('query' in connection) await connection.query(END_BACKEND_SQL, [pid, began_us]);
    });
    ended.catch(() => undefined);
  }
}

/** An ORM over another driver, or of another version. Said once, and not asked again. */
function requireConnection(connection: TransactionConnection): void {
  const asked: unknown = 'client' in connection ? connection.client?.query : connection.query;
  if (typeof asked === 'function') return;
  throw new DistributedScheduleError(
    'DSCHED_STORE_REFUSED',
    'the transaction of the ORM has no client of the package pg beneath. Snapshots over an ORM need PostgreSQL by that package, and ' +
      'a version of the ORM that docs/idempotence.md names',
    { value: typeof asked },
  );
}
