import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { requireNoNull } from '../protocol/options/option-names.js';
import {
  FLAG,
  namesOf,
  type OptionSpec,
  oneOf,
  optional,
  resolveOptions,
  whole,
  withDefault,
} from '../protocol/options/option-spec.js';
import { type SnapshotTable, TABLE } from './migration.js';

export const ISOLATION_LEVELS = ['read committed', 'repeatable read', 'serializable'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

export interface PostgresSnapshotSettings extends SnapshotTable {
  /** Of the effect's transaction. Default `read committed`. */
  readonly isolation: IsolationLevel;
  /** Wait for another attempt before `pending`; less than `takeoverMs`. Default 2000, or half of `takeoverMs` if less. */
  readonly lockWaitMs: number;
  /** The server ends an attempt that is silent this long: no effect may pause longer between statements. Default 60000. */
  readonly takeoverMs: number;
  /** A connection or a statement of the store's own that takes longer has failed. Default 5000. */
  readonly timeoutMs: number;
  /** Makes the table before its first use, where it is missing. Default false. */
  readonly migrate: boolean;
}

const PLACE = { of: 'the PostgreSQL snapshots' };
/** In PostgreSQL 0 means no limit. */
const LIMIT = whole(1, 86_400_000);
const DEFAULT_LOCK_WAIT_MS = 2_000;

export const SETTINGS: OptionSpec<PostgresSnapshotSettings> = {
  ...TABLE,
  isolation: optional(oneOf(ISOLATION_LEVELS), 'read committed'),
  lockWaitMs: LIMIT,
  takeoverMs: optional(LIMIT, 60_000),
  timeoutMs: optional(LIMIT, 5_000),
  migrate: optional(FLAG, false),
};

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function resolvePostgresSettings(given: Partial<PostgresSnapshotSettings>): PostgresSnapshotSettings {
  requireNoNull(PLACE.of, withDefault(given, SETTINGS), namesOf(SETTINGS));
  const resolved = resolveOptions<PostgresSnapshotSettings>(PLACE, given, SETTINGS);
  const { lockWaitMs = Math.min(DEFAULT_LOCK_WAIT_MS, Math.ceil(resolved.takeoverMs / 2)) } = given;
  const settings = { ...resolved, lockWaitMs };
  requireLongerTakeover(settings);
  return settings;
}

/** An effect that waits for another job is silent for lockWaitMs: the server would end it. */
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
