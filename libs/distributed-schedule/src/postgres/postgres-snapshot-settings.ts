import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import type { SnapshotTable } from './migration.js';

/** Isolation levels in which an effect may run. */
export const ISOLATION_LEVELS = ['read committed', 'repeatable read', 'serializable'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

export interface PostgresSnapshotSettings extends SnapshotTable {
  /** Of the effect's transaction. Default `read committed`. */
  readonly isolation: IsolationLevel;
  /**
   * How long an attempt waits for another one at the same job before it answers `pending`, ms; less than `takeoverMs`.
   * Default 2000, or half of `takeoverMs` where that is less.
   */
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
  const takeoverMs = given.takeoverMs ?? DEFAULTS.takeoverMs;
  const settings: PostgresSnapshotSettings = {
    ...(schema === undefined ? {} : { schema }),
    ...(table === undefined ? {} : { table }),
    isolation: given.isolation ?? DEFAULTS.isolation,
    lockWaitMs: given.lockWaitMs ?? Math.min(DEFAULTS.lockWaitMs, Math.ceil(takeoverMs / 2)),
    takeoverMs,
    timeoutMs: given.timeoutMs ?? DEFAULTS.timeoutMs,
    migrate: given.migrate ?? DEFAULTS.migrate,
  };
  for (const name of ['takeoverMs', 'lockWaitMs', 'timeoutMs'] as const) {
    const value = settings[name];
    // In PostgreSQL 0 means no limit.
    if (!Number.isInteger(value) || value < 1 || value > LONGEST_MS) {
      throw badOption(name, value, `a whole number of milliseconds from 1 to ${LONGEST_MS}`);
    }
  }
  requireLongerTakeover(settings);
  if (!ISOLATION_LEVELS.includes(settings.isolation)) {
    throw badOption('isolation', settings.isolation, `one of ${ISOLATION_LEVELS.join(', ')}`);
  }
  if (typeof settings.migrate !== 'boolean') throw badOption('migrate', settings.migrate, 'true or false');
  return settings;
}

/**
 * While an effect waits for another job, as with `runOnce` inside it, its own session is silent for as long as `lockWaitMs`; and whoever comes
 * with a larger token, who waits for `takeoverMs`, must not be `pending` before those without one.
 */
function requireLongerTakeover({ lockWaitMs, takeoverMs }: PostgresSnapshotSettings): void {
  if (lockWaitMs < takeoverMs) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option lockWaitMs (${lockWaitMs}) of the PostgreSQL snapshots must be less than takeoverMs (${takeoverMs}): the server ends the attempt ` +
      'of an effect that waits for another job for so long, and an attempt with a larger token would give up before one without. ' +
      `Lower lockWaitMs below ${takeoverMs}, or raise takeoverMs above ${lockWaitMs}`,
    { value: lockWaitMs },
  );
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of the PostgreSQL snapshots is ${shownValue(value)}; it takes ${expected}`,
    { value: harmlessValue(value) },
  );
}
