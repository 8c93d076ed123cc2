import { DistributedScheduleError } from '../protocol/errors.js';
import type { Clock } from '../protocol/ports.js';
import type { SnapshotSource } from '../protocol/snapshot/snapshot-store.js';
import { type PostgresSnapshotSettings, resolvePostgresSettings } from './postgres-snapshot-settings.js';
import { SessionSnapshotStore } from './postgres-snapshot-store.js';
import { transactionSessions } from './transaction-session.js';
import type { Transactions } from './transactions.js';

/** All have defaults; durations are whole milliseconds. */
export type TransactionSnapshotOptions = Partial<PostgresSnapshotSettings>;

const SETTING_NAMES: Record<keyof PostgresSnapshotSettings, true> = {
  schema: true,
  table: true,
  isolation: true,
  lockWaitMs: true,
  takeoverMs: true,
  timeoutMs: true,
  migrate: true,
};

/**
 * Snapshots in PostgreSQL through the transactions of an ORM, which are handed to the effect: the way to one that has no entry point here.
 * Its pool stays the caller's to close.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function transactionSnapshots<Tx>(
  transactions: Transactions<Tx>,
  options: TransactionSnapshotOptions = {},
): SnapshotSource<Tx> {
  return snapshotsOf('transactionSnapshots', options, { required: [] }, () => transactions);
}

/** The options of an entry point for one ORM, beside the settings. */
interface OwnOptions {
  /** Objects that must be there. */
  readonly required: readonly string[];
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
  const names = [...required, ...optional, ...Object.keys(SETTING_NAMES)];
  for (const given of Object.keys(options)) {
    if (names.includes(given)) continue;
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_OPTION',
      `${name} has no option '${given}'. It takes ${names.join(', ')}.`,
      { value: given },
    );
  }
  for (const option of required) requireObject(name, option, (options as Record<string, unknown>)[option]);
  const settings = resolvePostgresSettings(options);
  const transactions = transactionsOf();
  return { open: ({ clock }) => new TransactionSnapshotStore(transactions, clock, settings) };
}

function requireObject(name: string, option: string, value: unknown): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of ${name} is ${typeof value}; it takes what docs/idempotence.md shows under "With an ORM"`,
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
