/** How an ORM, or whatever else has a pool of its own, lends its transactions to the store. Two calls. */

import type { IsolationLevel } from './postgres-snapshot-settings.js';

export interface Transactions<Tx> {
  /** Runs `work` in a transaction on its own connection, without a time limit. Commits when it resolves, else rolls back. */
  transaction(isolation: IsolationLevel, work: (tx: Tx) => Promise<void>): Promise<void>;
  /** What speaks to the server in such a transaction. */
  connection(tx: Tx): TransactionConnection | Promise<TransactionConnection>;
  /** Sends what `tx` holds back until the end, where it does so. The success is written after it. */
  finish?(tx: Tx): Promise<void>;
  /** The error of `pg` beneath one of the ORM, where neither its `cause` nor its `driverError` has it. */
  original?(error: unknown): unknown;
}

export type TransactionConnection =
  /** The client of `pg` beneath: then what the effect may not do is refused there, before it is sent. */
  | { readonly client: DriverClient }
  /** A statement with parameters `$1`, `$2`, …, answered by its rows. Nothing of what the effect sends can be refused. */
  | { query(sql: string, values: readonly unknown[]): Promise<readonly unknown[]> };

/** Of a client of `pg`, whichever copy of it the ORM has. */
export interface DriverClient {
  query(...args: never[]): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  end(): unknown;
}
