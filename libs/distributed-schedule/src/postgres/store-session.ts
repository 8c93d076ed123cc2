/** What an effect is given, for as long as its attempt lasts. */
export interface Loan<Tx> {
  readonly tx: Tx;
  /** From now on every query is refused. Answers how many statements have not been answered: nobody has awaited those. */
  seal(): number;
  /** Sends what `tx` has held back. The effect has returned. */
  finish?(): Promise<void>;
}

/** One connection, in at most one transaction at a time. */
export interface StoreSession<Tx> {
  /** Begins a transaction, committing an open one, and answers its first statement, which has no parameters. */
  begin<Row>(isolation: string, sql: string): Promise<readonly Row[]>;
  /** @param extraMs what the statement may wait for a lock beside */
  query<Row>(sql: string, values?: readonly unknown[], extraMs?: number): Promise<readonly Row[]>;
  /** Answers what the server says that it has done: `COMMIT`, or `ROLLBACK`. Undefined where nobody can hear it. */
  commit(): Promise<string | undefined>;
  rollback(): Promise<void>;
  lend(): Loan<Tx>;
  readonly isBroken: boolean;
  /** Gives the connection back. `isBroken` ends it: whatever transaction it is in, the server rolls back. */
  close(isBroken?: boolean): void;
}

/** Opens sessions. It rejects when there is no connection within the store's limit. */
export type SessionSource<Tx> = (opening?: {
  /** Asked inside an effect, whose connection is not free until this one has been used: where the pool has no other it must not wait. */
  readonly isNested?: boolean;
}) => Promise<StoreSession<Tx>>;
