import type { PoolClient, QueryResult } from 'pg';
import { LentClient, refused, textOf } from './lent-client.js';
import { transactionCommand } from './transaction-commands.js';
import type { DriverClient } from './transactions.js';

type Callback = (error: unknown, result?: unknown) => void;
type AnyQuery = (...args: readonly unknown[]) => unknown;

/** Every pool takes the error of a connection for its end. */
class ConnectionEnded extends Error {
  readonly code = 'CONNECTION_ENDED';

  constructor() {
    super('runOnce has ended the connection of an attempt');
  }
}

/** Begin a transaction, and end none. */
const BEGINS: ReadonlySet<string> = new Set(['BEGIN', 'START']);
const COMMITS: ReadonlySet<string> = new Set(['COMMIT', 'END']);

/** Refuses through an ORM what a lent client refuses. The ORM's COMMIT or ROLLBACK passes once the store has asked for it. */
export class ClientGuard {
  private readonly lent: LentClient;
  private readonly ask: AnyQuery;
  private readonly own: PropertyDescriptor | undefined;
  /** Why the connection has ended, where it has. */
  brokenBy: unknown;
  private isEnding = false;
  private isLifted = false;
  /** The command of the effect that has ended its transaction, which is rolled back. */
  wasEndedBy: string | undefined;
  /** What the server says that the end has done. */
  tag: string | undefined;
  hasAskedCommit = false;

  private readonly client: PoolClient;

  constructor(client: DriverClient) {
    this.client = client as unknown as PoolClient;
    this.ask = this.client.query as AnyQuery;
    this.own = Object.getOwnPropertyDescriptor(client, 'query');
    this.lent = new LentClient(this.client);
    // A connection that ends between two statements emits an error; unheard it would end the process.
    this.client.on('error', this.onError);
    this.put('query', this.query);
    this.liftAtRelease();
  }

  /** A statement of the store, past the guard. */
  async statement(sql: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    if (this.brokenBy !== undefined) throw this.brokenBy;
    const result = await this.send(values.length === 0 ? [sql] : [sql, [...values]]);
    return result.rows;
  }

  seal(): number {
    return this.lent.seal();
  }

  /** The next COMMIT or ROLLBACK is the store's own, and nothing else passes any more. */
  expectEnd(): void {
    this.lent.seal();
    this.isEnding = true;
  }

  /** Seals, and says whether a statement of the effect has not been answered. */
  get isBusy(): boolean {
    return this.lent.seal() > 0;
  }

  /** Ends the connection: whatever transaction it is in, the server rolls back. */
  end(): void {
    this.lent.seal();
    // So every pool learns at once that it is not to be lent again.
    this.client.emit('error', new ConnectionEnded());
    Promise.resolve(this.client.end()).catch(() => undefined);
  }

  lift(): void {
    if (this.isLifted) return;
    this.isLifted = true;
    if (this.own === undefined) Reflect.deleteProperty(this.client, 'query');
    else Object.defineProperty(this.client, 'query', this.own);
    // The listener stays on a connection that ends: its last error comes later.
    if (this.brokenBy === undefined) this.client.off('error', this.onError);
  }

  private readonly query = (...args: readonly unknown[]): unknown => {
    const command = transactionCommand(textOf(args[0]) ?? '');
    if (command === undefined || BEGINS.has(command) || (!this.isEnding && this.wasEndedBy !== undefined)) {
      return Reflect.apply(this.lent.tx.query as AnyQuery, this.lent.tx, args);
    }
    const reply = this.isEnding ? this.endAs(command, args[0]) : this.refuseEnd(command);
    const callback = args.find((arg): arg is Callback => typeof arg === 'function');
    if (callback === undefined) return reply;
    reply.then((result: unknown) => callback(null, result), callback);
    return undefined;
  };

  private async endAs(command: string, query: unknown): Promise<QueryResult> {
    this.hasAskedCommit ||= COMMITS.has(command);
    try {
      const result = await this.send([textOf(query) ?? '']);
      this.tag = result.command;
      return result;
    } finally {
      if (!this.isPooled) this.lift();
    }
  }

  /** Rolled back: an ORM that was only refused would return a connection in a transaction. */
  private async refuseEnd(command: string): Promise<never> {
    this.lent.seal();
    this.wasEndedBy = command;
    await this.send(['ROLLBACK']);
    // A ROLLBACK of its own as well: one that succeeded would let an ORM go on outside of any transaction.
    const message = `${command} is for runOnce to say: all that the effect has written is rolled back`;
    throw refused(message, { value: command });
  }

  private async send(args: readonly unknown[]): Promise<QueryResult> {
    return (await Reflect.apply(this.ask, this.client, args)) as QueryResult;
  }

  /** A pool of `pg` gives each loan a `release` of its own. Elsewhere the guard is lifted when the end is answered. */
  private get isPooled(): boolean {
    return typeof (this.client as Partial<PoolClient>).release === 'function';
  }

  private liftAtRelease(): void {
    if (!this.isPooled) return;
    const { release } = this.client;
    this.put('release', (...args: Parameters<PoolClient['release']>) => {
      this.lift();
      this.put('release', release);
      release.apply(this.client, args);
    });
  }

  private put(name: 'query' | 'release', value: unknown): void {
    Object.defineProperty(this.client, name, { value, writable: true, configurable: true, enumerable: true });
  }

  private readonly onError = (error: unknown): void => {
    this.brokenBy = error;
  };
}
