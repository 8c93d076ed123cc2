import { DistributedScheduleError } from '../protocol/errors.js';
import { harmlessValue, shownValue } from '../protocol/shown-value.js';
import type { SnapshotTable } from './migration.js';

/** Isolation levels in which an effect may run. */
export const ISOLATION_LEVELS = ['read committed', 'repeatable read', 'serializable'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

export interface PostgresSnapshotSettings extends SnapshotTable {
  /** Of the effect's transaction. Default `read committed`. */
  readonly isolation: IsolationLevel;
  /** How long an attempt waits for another one at the same job before it answers `pending`, ms. Default 2000. */
  readonly lockWaitMs: number;
  /**
   * The server ends an attempt that says nothing for so long in its transaction, ms: a process that was stopped or cut off.
   * So no effect may pause for longer between two statements. Default 60000.
   */
  readonly takeoverMs: number;
  /** A connection or a statement of the store's own that takes longer has failed, ms. Default 5000. */
  readonly timeoutMs: number;
  /** Makes the table before its first use, where it is missing. Default false. */
  readonly migrate: boolean;
}

const DEFAULTS: PostgresSnapshotSettings = Object.freeze({
  isolation: 'read committed',
  lockWaitMs: 2_000,
  takeoverMs: 60_000,
  timeoutMs: 5_000,
  migrate: false,
});

const LONGEST_MS = 86_400_000;

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function resolvePostgresSettings(given: Partial<PostgresSnapshotSettings>): PostgresSnapshotSettings {
  const { schema, table } = given;
  const settings: PostgresSnapshotSettings = {
    ...(schema === undefined ? {} : { schema }),
    ...(table === undefined ? {} : { table }),
    isolation: given.isolation ?? DEFAULTS.isolation,
    lockWaitMs: given.lockWaitMs ?? DEFAULTS.lockWaitMs,
    takeoverMs: given.takeoverMs ?? DEFAULTS.takeoverMs,
    timeoutMs: given.timeoutMs ?? DEFAULTS.timeoutMs,
    migrate: given.migrate ?? DEFAULTS.migrate,
  };
  for (const name of ['lockWaitMs', 'takeoverMs', 'timeoutMs'] as const) {
    const value = settings[name];
    // In PostgreSQL 0 means no limit.
    if (!Number.isInteger(value) || value < 1 || value > LONGEST_MS) {
      throw badOption(name, value, `a whole number of milliseconds from 1 to ${LONGEST_MS}`);
    }
  }
  if (!ISOLATION_LEVELS.includes(settings.isolation)) {
    throw badOption('isolation', settings.isolation, `one of ${ISOLATION_LEVELS.join(', ')}`);
  }
  if (typeof settings.migrate !== 'boolean') throw badOption('migrate', settings.migrate, 'true or false');
  return settings;
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of the PostgreSQL snapshots is ${shownValue(value)}; it takes ${expected}`,
    { value: harmlessValue(value) },
  );
}
