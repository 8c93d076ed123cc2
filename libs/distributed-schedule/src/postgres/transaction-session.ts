import type { Clock } from '../protocol/contract/ports.js';
import { refused } from './lent-client.js';
import { OpenTransaction } from './open-transaction.js';
import { requireWithin, Unanswered } from './postgres-session.js';
import type { IsolationLevel } from './postgres-snapshot-settings.js';
import type { Loan, SessionSource, StoreSession } from './store-session.js';
import type { Transactions } from './transactions.js';

/** Sessions over the transactions of an ORM. A connection is taken with each transaction, and given back at its end. */
export function transactionSessions<Tx>(
  transactions: Transactions<Tx>,
  clock: Clock,
  timeoutMs: number,
): SessionSource<Tx> {
  return async () => new TransactionSession(transactions, clock, timeoutMs);
}

class TransactionSession<Tx> implements StoreSession<Tx> {
  private isOpen = true;
  private current: OpenTransaction<Tx> | undefined;

  constructor(
    private readonly transactions: Transactions<Tx>,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  get isBroken(): boolean {
    return this.current?.isBroken ?? false;
  }

  async begin<Row>(isolation: string, sql: string): Promise<readonly Row[]> {
    if (this.current !== undefined) await this.commit();
    await this.open(isolation);
    return this.query(sql);
  }

  async query<Row>(sql: string, values: readonly unknown[] = [], extraMs = 0): Promise<readonly Row[]> {
    if (this.current === undefined) return this.alone(sql, values);
    const { current } = this;
    const { wasEndedBy: value } = current;
    if (value !== undefined) {
      throw refused(`the effect has ended its transaction by itself (${value}), and nothing is kept`, {
        value,
      });
    }
    const answer = current.statement(sql, values);
    return (await requireWithin(this.clock, this.timeoutMs + extraMs, answer)) as readonly Row[];
  }

  async commit(): Promise<string | undefined> {
    const { current } = this;
    if (current === undefined) throw new Unanswered();
    await requireWithin(this.clock, this.timeoutMs, current.commit());
    this.current = undefined;
    return current.tag;
  }

  async rollback(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    await requireWithin(this.clock, this.timeoutMs, current.rollback());
    this.current = undefined;
  }

  lend(): Loan<Tx> {
    if (this.current === undefined) throw new Unanswered();
    return this.current;
  }

  close(isBroken = false): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { current } = this;
    if (current === undefined) return;
    const ended = isBroken ? current.end() : current.rollback();
    // A server that is cut off answers no ROLLBACK.
    requireWithin(this.clock, this.timeoutMs, ended).catch(() => current.cut());
  }

  private async open(isolation: string): Promise<void> {
    if (!this.isOpen) throw new Unanswered();
    const level = isolation.toLowerCase() as IsolationLevel;
    const current = new OpenTransaction(this.transactions, level);
    // From here on, so that a run that must end does not wait for a connection.
    this.current = current;
    try {
      await requireWithin(this.clock, this.timeoutMs, current.opened);
    } catch (error) {
      void current.end();
      this.current = undefined;
      throw error;
    }
  }

  private async alone<Row>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    await this.open('read committed');
    const rows = await this.query<Row>(sql, values);
    await this.commit();
    return rows;
  }
}
