import type { PoolClient } from 'pg';
import { DistributedScheduleError, type ErrorDetails } from '../protocol/contract/errors.js';
import { transactionCommand } from './transaction-commands.js';

type Callback = (error: Error | null, result?: unknown) => void;

/** What `pg` runs itself: a cursor, a stream, a query object. */
interface Submittable {
  readonly text?: unknown;
  submit(connection: unknown): unknown;
  handleError(error: Error, connection?: unknown): void;
  handleReadyForQuery(connection?: unknown): void;
}

type AnyQuery = (...args: readonly unknown[]) => unknown;

/** These end the loan, or the session. */
const NOT_LENT: ReadonlySet<PropertyKey> = new Set(['release', 'end', 'connect']);

/**
 * The client of an attempt, until it ends: later writes would be in no transaction, and a COMMIT keep them without success.
 */
export class LentClient {
  readonly tx: PoolClient;
  private isSealed = false;
  private underWay = 0;
  /** What the effect sets on the client stays with this loan. */
  private readonly own = new Map<PropertyKey, unknown>();

  private readonly ask: AnyQuery;

  constructor(private readonly client: PoolClient) {
    this.ask = client.query as AnyQuery;
    this.tx = new Proxy(client, {
      get: (_target, name) => this.property(name),
      set: (_target, name, value) => {
        this.own.set(name, value);
        return true;
      },
    });
  }

  /** From now on every query is refused. Answers how many statements have not been answered: nobody has awaited those. */
  seal(): number {
    this.isSealed = true;
    return this.underWay;
  }

  private property(name: PropertyKey): unknown {
    if (this.own.has(name)) return this.own.get(name);
    if (name === 'query') return this.query;
    if (NOT_LENT.has(name)) {
      return () => {
        throw refused(`tx.${String(name)}() is for runOnce to call`);
      };
    }
    const value: unknown = Reflect.get(this.client, name, this.client);
    if (typeof value !== 'function') return value;
    return (...args: readonly unknown[]) => {
      const result: unknown = Reflect.apply(value, this.client, args);
      return result === this.client ? this.tx : result;
    };
  }

  /** In every form of `pg`: a text or an object, with values, answered by a promise or a callback; a cursor or a stream. */
  private readonly query = (...args: readonly unknown[]): unknown => {
    const [first] = args;
    const error = this.refusalOf(first);
    if (isSubmittable(first)) return this.submit(first, args, error);
    const at = args.findIndex((arg) => typeof arg === 'function');
    if (at >= 0) return this.callBack(args, at, error);
    if (hasCallback(first)) return this.callBack([...args, first.callback], args.length, error);
    if (error !== undefined) return Promise.reject(error);
    const done = this.begin();
    const reply = this.send(args, done) as Promise<unknown>;
    reply.then(done, done);
    return reply;
  };

  private callBack(args: readonly unknown[], at: number, error: Error | undefined): unknown {
    const callback = args[at] as Callback;
    if (error !== undefined) {
      process.nextTick(callback, error);
      return undefined;
    }
    const done = this.begin();
    const heard: Callback = (...answer) => {
      done();
      callback(...answer);
    };
    return this.send([...args.slice(0, at), heard], done);
  }

  private submit(query: Submittable, args: readonly unknown[], error: Error | undefined): unknown {
    if (error !== undefined) {
      process.nextTick(() => query.handleError(error));
      return query;
    }
    const done = this.begin();
    const { handleReadyForQuery, handleError } = query;
    query.handleReadyForQuery = (connection) => {
      done();
      handleReadyForQuery.call(query, connection);
    };
    query.handleError = (failure, connection) => {
      done();
      handleError.call(query, failure, connection);
    };
    return this.send(args, done);
  }

  private send(args: readonly unknown[], done: () => void): unknown {
    try {
      return Reflect.apply(this.ask, this.client, args);
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Answers with what is to be called when the statement has been answered; more than once is as once. */
  private begin(): () => void {
    this.underWay += 1;
    let isClosed = false;
    return () => {
      if (!isClosed) this.underWay -= 1;
      isClosed = true;
    };
  }

  private refusalOf(query: unknown): Error | undefined {
    if (this.isSealed) {
      return refused(
        'the attempt has ended, and its transaction with it: await all that you do with tx before the effect returns',
      );
    }
    const command = transactionCommand(textOf(query) ?? '');
    if (command === undefined) return undefined;
    return refused(
      `${command} is for runOnce to say: the effect has to leave its transaction open. For a part that may fail use SAVEPOINT and ROLLBACK TO`,
      { value: command },
    );
  }
}

export function refused(message: string, details: ErrorDetails = {}): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_TX_REFUSED', message, details);
}

/** Of a statement of `pg`, a text or an object. */
export function textOf(query: unknown): string | undefined {
  const text: unknown = typeof query === 'string' ? query : (query as { text?: unknown } | null)?.text;
  return typeof text === 'string' ? text : undefined;
}

function isSubmittable(query: unknown): query is Submittable {
  return typeof (query as Partial<Submittable> | null)?.submit === 'function';
}

function hasCallback(query: unknown): query is { readonly callback: Callback } {
  return typeof (query as { callback?: unknown } | null)?.callback === 'function';
}
