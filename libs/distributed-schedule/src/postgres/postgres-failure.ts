/** What an error means, by its code. Messages are not passed on: they name hosts, users and sometimes values. */

import { someCause } from '../protocol/contract/causes.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

export type PostgresFailure =
  /** Somebody else has the row. */
  | { readonly kind: 'locked' }
  /** Rolled back by the server, not for anything that was wrong: the same transaction may succeed. */
  | { readonly kind: 'undone'; readonly reason: string }
  /** No connection, or none any more. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'not_migrated'; readonly reason: string }
  /** A statement before has failed, and nobody has said so. */
  | { readonly kind: 'transaction_failed'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** By a bound on locks; and by one on statements, which a role may have: nothing of ours takes long but waiting for a lock. */
const WAITED_TOO_LONG: ReadonlySet<unknown> = new Set(['55P03', '57014']);
/** Serialisation failure, deadlock. */
const UNDONE: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Undefined table, undefined column, undefined object (the enum). */
const NOT_MIGRATED: ReadonlySet<string> = new Set(['42P01', '42703', '42704']);
/** Connections, too many of them, shutdown, crash, start-up, sessions ended for idling, read-only standby. */
const UNREACHABLE = /^(08...|53300|57P0[1-5]|25P0[34]|25006)$/;
/** In failed SQL transaction. */
const TRANSACTION_FAILED = '25P02';
const SQLSTATE = /^[0-9A-Z]{5}$/;
const SYSTEM_CODE = /^E[A-Z]{4}$/;
/** What is wrong most often on the first day, in words that name nobody. */
const MEANINGS: Readonly<Record<string, string>> = {
  '3D000': 'there is no such database',
  '3F000': 'there is no such schema',
  '28000': 'the login was refused',
  '28P01': 'the login was refused',
  '42501': 'the user lacks a right',
};

/** The driver's own errors have no code. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout e|Query read timeout|Cannot use a pool)/;

/** Whether an effect has thrown what the server rolled its transaction back for, itself or as the cause of what it threw. */
export function isUndone(thrown: unknown): boolean {
  return someCause(thrown, (error) => failureOf(error).kind === 'undone');
}

export function failureOf(error: unknown): PostgresFailure {
  const { code, message, errors } = (error ?? {}) as { code?: unknown; message?: unknown; errors?: unknown };
  if (WAITED_TOO_LONG.has(code)) return { kind: 'locked' };
  if (typeof code === 'string' && SQLSTATE.test(code) && !isOfSystem(error, code)) {
    if (UNDONE.has(code)) return { kind: 'undone', reason: code };
    if (NOT_MIGRATED.has(code)) return { kind: 'not_migrated', reason: code };
    if (code === TRANSACTION_FAILED) return { kind: 'transaction_failed', reason: code };
    return { kind: UNREACHABLE.test(code) ? 'unreachable' : 'refused', reason: code };
  }
  // A code of the system, such as ECONNREFUSED; with several addresses it is in the first of the errors.
  if (typeof code === 'string') return { kind: 'unreachable', reason: code };
  if (Array.isArray(errors)) return failureOf(errors[0]);
  const isConnection = typeof message === 'string' && CONNECTION_MESSAGES.test(message);
  return isConnection
    ? { kind: 'unreachable', reason: 'not connected' }
    : { kind: 'refused', reason: 'error' };
}

/** EPIPE has the form of an SQLSTATE; what the server says has a severity beside its code. */
function isOfSystem(error: unknown, code: string): boolean {
  return SYSTEM_CODE.test(code) && (error as { readonly severity?: unknown }).severity === undefined;
}

/** @param cause an answer of the server to the application's own transaction; never an error of connecting */
export function refusal(failure: PostgresFailure, table: string, cause?: unknown): DistributedScheduleError {
  const reason = 'reason' in failure ? failure.reason : failure.kind;
  const meaning = MEANINGS[reason] === undefined ? '' : `: ${MEANINGS[reason]}`;
  if (failure.kind === 'not_migrated') {
    return new DistributedScheduleError(
      'DSCHED_NOT_MIGRATED',
      `table ${table} of the snapshots is missing or of another version (SQLSTATE ${reason}); run the migration, or pass ` +
        '{ migrate: true }',
      { value: table },
    );
  }
  if (failure.kind === 'transaction_failed' && cause !== undefined) {
    return new DistributedScheduleError(
      'DSCHED_STORE_REFUSED',
      `a statement of the effect failed and its error was not passed on (SQLSTATE ${reason}): PostgreSQL keeps nothing of such a ` +
        'transaction. Let the error through, or wrap the statement in a SAVEPOINT and roll back to it',
      { value: reason, cause },
    );
  }
  return new DistributedScheduleError(
    'DSCHED_STORE_REFUSED',
    `PostgreSQL refused what the snapshot store asked of table ${table} (SQLSTATE ${reason}${meaning})`,
    { value: reason, cause },
  );
}

/**
 * Why there was no answer, for what asking again can mend.
 * @throws DistributedScheduleError DSCHED_NOT_MIGRATED, DSCHED_STORE_REFUSED for everything else
 */
export function requirePassing(failure: PostgresFailure, table: string, cause?: unknown): string {
  switch (failure.kind) {
    case 'locked':
      return 'locked';
    case 'undone':
    case 'unreachable':
      return failure.reason;
    case 'not_migrated':
    case 'transaction_failed':
    case 'refused':
      throw refusal(failure, table, cause);
    default:
      return failure satisfies never;
  }
}
