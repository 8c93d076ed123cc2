import type { SnapshotSource } from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { Clock } from '../protocol/contract/ports.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { namesOf } from '../protocol/options/option-spec.js';
import {
  type PostgresSnapshotSettings,
  resolvePostgresSettings,
  SETTINGS,
} from './postgres-snapshot-settings.js';
import { SessionSnapshotStore } from './postgres-snapshot-store.js';
import { transactionSessions } from './transaction-session.js';
import type { Transactions } from './transactions.js';

/** All have defaults; durations are whole milliseconds. */
export type TransactionSnapshotOptions = Partial<PostgresSnapshotSettings>;

/**
 * Snapshots through the transactions of any ORM, which the effect gets. Its pool stays the caller's to close.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function transactionSnapshots<Tx>(
  transactions: Transactions<Tx>,
  options: TransactionSnapshotOptions = {},
): SnapshotSource<Tx> {
  return snapshotsOf('transactionSnapshots', options, { required: {} }, () => transactions);
}

interface OwnOptions {
  /** What must be there, each with a method that it has; without one it is a function itself. */
  readonly required: Readonly<Record<string, string | undefined>>;
  readonly optional?: readonly string[];
}

/**
 * The same for the entry points, each of which has options of its own.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function snapshotsOf<Tx>(
  name: string,
  options: TransactionSnapshotOptions,
  { required, optional = [] }: OwnOptions,
  transactionsOf: () => Transactions<Tx>,
): SnapshotSource<Tx> {
  const own = [...Object.keys(required), ...optional].map((option) => [option, true] as const);
  requireKnownOptions(name, options, { ...Object.fromEntries(own), ...namesOf(SETTINGS) });
  for (const [option, method] of Object.entries(required)) {
    requireMethod(name, option, method, (options as Record<string, unknown>)[option]);
  }
  const settings = resolvePostgresSettings(options);
  const transactions = transactionsOf();
  return { open: ({ clock }) => new TransactionSnapshotStore(transactions, clock, settings) };
}

/** An ORM's options in place of the ORM would look like a silent server, and be asked until the patience ends. */
function requireMethod(name: string, option: string, method: string | undefined, value: unknown): void {
  const asked =
    method === undefined ? value : (value as Record<string, unknown> | undefined | null)?.[method];
  if (typeof asked === 'function') return;
  const lacking = value && method !== undefined ? ` without ${method}()` : '';
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of ${name} is ${typeof value}${lacking}; it takes what docs/idempotence.md shows under "With an ORM"`,
    { value: typeof value },
  );
}

class TransactionSnapshotStore<Tx> extends SessionSnapshotStore<Tx> {
  constructor(
    private readonly transactions: Transactions<Tx>,
    clock: Clock,
    settings: PostgresSnapshotSettings,
  ) {
    const sessions = transactionSessions(transactions, clock, settings.timeoutMs);
    super(sessions, clock, settings, async () => undefined);
  }

  override isUndone(error: unknown): boolean {
    return super.isUndone(this.transactions.original?.(error) ?? error);
  }
}
