import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg';
import type { SnapshotParts, SnapshotSource } from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { type OptionNames, requireKnownOptions } from '../protocol/options/option-names.js';
import { namesOf } from '../protocol/options/option-spec.js';
import {
  type PostgresSnapshotSettings,
  resolvePostgresSettings,
  SETTINGS,
} from './postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from './postgres-snapshot-store.js';

/** An URL (`postgres://`), options of the `pg` package, or a pool of it, which stays the caller's to close. */
export type PostgresInput = string | PoolConfig | Pool;

/** All but `postgres` have defaults; durations are whole milliseconds. */
export interface PostgresSnapshotOptions extends Partial<PostgresSnapshotSettings> {
  readonly postgres: PostgresInput;
}

const OPTION_NAMES: OptionNames = { postgres: true, ...namesOf(SETTINGS) };

/**
 * Snapshots in PostgreSQL: effects that write through the transaction they are given are applied exactly once.
 *
 * ```ts
 * IdempotentExecutionModule.forRoot({ store: postgresSnapshots({ postgres: pool, migrate: true }) })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function postgresSnapshots(options: PostgresSnapshotOptions): SnapshotSource<PoolClient> {
  requireKnownOptions('postgresSnapshots', options, OPTION_NAMES);
  const settings = resolvePostgresSettings(options);
  requirePostgres(options.postgres);
  return { open: (parts) => openStore(options.postgres, settings, parts) };
}

function openStore(
  input: PostgresInput,
  settings: PostgresSnapshotSettings,
  { clock }: SnapshotParts,
): PostgresSnapshotStore {
  if (isPool(input)) return new PostgresSnapshotStore(input, clock, settings, async () => undefined);
  const config = typeof input === 'string' ? { connectionString: input } : input;
  const pool = new pg.Pool({ connectionTimeoutMillis: settings.timeoutMs, keepAlive: true, ...config });
  // An idle connection that ends is made anew when it is needed; unheard, the error would end the process.
  pool.on('error', () => undefined);
  return new PostgresSnapshotStore(pool, clock, settings, () => pool.end());
}

/** No message shows what was given: it holds a host and a password. */
function requirePostgres(input: unknown): asserts input is PostgresInput {
  const isUrl = typeof input === 'string' && /^postgres(ql)?:\/\//.test(input);
  if (isUrl || (typeof input === 'object' && input !== null)) {
    requireParsed(isUrl ? input : (input as { readonly connectionString?: unknown }).connectionString);
    return;
  }
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    'option postgres takes an URL like postgres://user@host/database, options of the pg package, or a pool of it',
    { value: typeof input },
  );
}

/** By the driver's own parser: found out later it would look like a server that is down, and be asked again and again. */
function requireParsed(url: unknown): void {
  if (typeof url !== 'string') return;
  try {
    new pg.Client({ connectionString: url });
  } catch {
    // Without its cause, which holds the URL.
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      'option postgres has an URL that cannot be parsed; it takes one like postgres://user:password@host:5432/database, with ' +
        'special characters of user and password percent-encoded, and files named in it that can be read',
      { value: 'an URL' },
    );
  }
}

/** Not `instanceof`: an application may have a copy of its own. */
function isPool(input: PostgresInput): input is Pool {
  return typeof input === 'object' && 'connect' in input && typeof input.connect === 'function';
}
