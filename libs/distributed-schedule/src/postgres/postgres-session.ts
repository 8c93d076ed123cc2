import type { Pool, PoolClient, QueryResult } from 'pg';
import type { Clock } from '../protocol/contract/ports.js';
import { within } from '../protocol/time/within.js';
import { LentClient } from './lent-client.js';
import { borrowClient } from './pool-clients.js';
import type { StoreSession } from './store-session.js';

/** A statement, or the wait for a connection, took longer than the store's own limit. */
export class Unanswered extends Error {
  readonly code = 'TIMEOUT';
}

/** Hears a connection's errors, or one ends the process, and bounds its statements, or one waits a quarter of an hour. */
export class PostgresSession implements StoreSession<PoolClient> {
  private isOpen = true;
  private isInTransaction = false;
  private failure: unknown;
  private readonly onError = (error: unknown): void => {
    this.failure = error;
  };

  private constructor(
    private readonly client: PoolClient,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {
    client.on('error', this.onError);
  }

  static async open(pool: Pool, clock: Clock, timeoutMs: number): Promise<PostgresSession> {
    const loan = borrowClient(pool, (client) => new PostgresSession(client, clock, timeoutMs));
    try {
      return await requireWithin(clock, timeoutMs, loan);
    } catch (error) {
      // It may come yet, and nobody would give it back.
      loan.then(
        (session) => session.close(),
        () => undefined,
      );
      throw error;
    }
  }

  async begin<Row>(isolation: string, sql: string): Promise<readonly Row[]> {
    // In one message: another one would make every attempt slower.
    const before = this.isInTransaction ? 'COMMIT; ' : '';
    this.isInTransaction = true;
    return this.query(`${before}BEGIN ISOLATION LEVEL ${isolation}; ${sql}`);
  }

  async query<Row>(sql: string, values: readonly unknown[] = [], extraMs = 0): Promise<readonly Row[]> {
    return (await this.ask(sql, values, extraMs)).rows as Row[];
  }

  async commit(): Promise<string> {
    return (await this.ask('COMMIT')).command;
  }

  async rollback(): Promise<void> {
    await this.ask('ROLLBACK');
  }

  lend(): LentClient {
    return new LentClient(this.client);
  }

  get isBroken(): boolean {
    return this.failure !== undefined;
  }

  private async ask(sql: string, values: readonly unknown[] = [], extraMs = 0): Promise<QueryResult> {
    if (this.failure !== undefined) throw this.failure;
    if (!this.isOpen) throw new Unanswered();
    const reply = values.length === 0 ? this.client.query(sql) : this.client.query(sql, [...values]);
    const result: unknown = await requireWithin(this.clock, this.timeoutMs + extraMs, reply);
    if (!Array.isArray(result)) return result as QueryResult;
    // Several statements in one text have as many results: what one of them answers counts, or the last one.
    const results = result as QueryResult[];
    return (results.findLast(({ rows }) => rows.length > 0) ?? results.at(-1)) as QueryResult;
  }

  close(isBroken = false): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const mustEnd = isBroken || this.failure !== undefined;
    // The listener stays on a connection that ends: its last error comes later.
    if (!mustEnd) this.client.off('error', this.onError);
    this.client.release(mustEnd);
  }
}

const LATE = Symbol('late');

/** @throws Unanswered when the reply has not come within the limit */
export async function requireWithin<T>(clock: Clock, timeoutMs: number, reply: Promise<T>): Promise<T> {
  const answer = await within(clock, clock.monotonicMs() + timeoutMs, reply, LATE);
  if (answer === LATE) throw new Unanswered();
  return answer as T;
}
