import type { SnapshotCacheSource, SnapshotSource } from '../once/snapshot-store.js';
import { PATIENCE, type StorePatience } from '../once/store-patience.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { type OptionNames, requireKnownOptions, requireNoNull } from '../protocol/options/option-names.js';
import {
  count,
  KEY_PART,
  methods,
  namesOf,
  type OptionSpec,
  optional,
  required,
  resolveOptions,
} from '../protocol/options/option-spec.js';
import { DEFAULTS } from '../protocol/options/protocol-options.js';
import type { ModuleOptions } from './distributed-schedule-options.resolver.js';
import { ALONE, requireWholeNamespace } from './identity-options.js';

/** Options of `IdempotentExecutionModule.forRoot`. Durations are whole milliseconds. */
export interface IdempotentExecutionOptions {
  /**
   * `postgresSnapshots(…)` of `nestjs-distributed-schedule/postgres`, `redisSnapshots(…)`, `memorySnapshots()` for tests, or
   * one of your own.
   */
  readonly store: SnapshotSource<never> | SnapshotSource;
  /** `redisSnapshotCache(…)`: answers successes without asking the store. Default: none. */
  readonly cache?: SnapshotCacheSource;
  /**
   * Part of what every key stands for, and prefix of keys in Redis: staging must not be answered with production's results, nor
   * one application with another's. Default: that of `DistributedScheduleModule.forRoot` in the same app. Required where that
   * has none, unless the store is `memorySnapshots()`.
   */
  readonly namespace?: string;
  /**
   * Which application the keys belong to: part of what every key stands for. Applications that give the same one share their
   * keys. Another name makes another job of every key, so it stays the same over all releases. Default: that of
   * `DistributedScheduleModule` in the same app. Required where there is none, unless the store is `memorySnapshots()`.
   */
  readonly app?: string;
  /** How an unreachable store is asked again. */
  readonly patience?: Partial<StorePatience>;
  /** Longer JSON of an input or output is kept as its digest only, characters. Default 16384. */
  readonly mostKeptChars?: number;
}

export interface ResolvedExecutionOptions {
  readonly store: SnapshotSource;
  readonly cache: SnapshotCacheSource | undefined;
  readonly namespace: string;
  readonly app: string;
  readonly patience: StorePatience;
  readonly mostKeptChars: number;
}

const MODULE = 'IdempotentExecutionModule';
const PLACE = { of: MODULE };
const MAX_KEPT_CHARS = 1_048_576;
const SOURCE = { ...methods('open'), takes: 'what postgresSnapshots, redisSnapshots or the like return' };

const SPEC: OptionSpec<
  Omit<IdempotentExecutionOptions, 'patience' | 'mostKeptChars'> & { readonly mostKeptChars: number }
> = {
  store: required(SOURCE),
  cache: SOURCE,
  namespace: KEY_PART,
  app: KEY_PART,
  mostKeptChars: optional(count(0, MAX_KEPT_CHARS), 16_384),
};
const OPTION_NAMES: OptionNames = { ...namesOf(SPEC), patience: namesOf(PATIENCE) };

/** @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_NO_NAMESPACE, DSCHED_NO_APP, DSCHED_DURATIONS */
export function resolveExecutionOptions(
  given: IdempotentExecutionOptions,
  schedule: Pick<ModuleOptions, 'givenNamespace' | 'knownApp'> | undefined,
): ResolvedExecutionOptions {
  requireKnownOptions(MODULE, given, OPTION_NAMES);
  requireNoNull(MODULE, given, OPTION_NAMES);
  const { store, cache, mostKeptChars, ...others } = resolveOptions(PLACE, given, SPEC);
  const namespace = others.namespace ?? schedule?.givenNamespace ?? defaultNamespace(given);
  if (!isLocal(given)) requireWholeNamespace(namespace);
  const app = others.app ?? schedule?.knownApp ?? defaultApp(given);
  const patience = resolvePatience(given.patience ?? {});
  return { store: store as SnapshotSource, cache, namespace, app, patience, mostKeptChars };
}

/** Nobody else can reach it. */
function isLocal({ store, cache }: IdempotentExecutionOptions): boolean {
  return store.isLocal === true && (cache === undefined || cache.isLocal === true);
}

/** Of a store that nobody else can reach. */
function defaultNamespace(given: IdempotentExecutionOptions): string {
  if (isLocal(given)) return DEFAULTS.namespace;
  throw new DistributedScheduleError(
    'DSCHED_NO_NAMESPACE',
    `${MODULE} has no namespace, and DistributedScheduleModule of this app was given none either. Whoever uses the store under the ` +
      "same namespace is answered with this app's results, so say whose they are: " +
      `${MODULE}.forRoot({ store, namespace: 'shop-production', app: 'shop-api' })`,
    { value: undefined },
  );
}

/** Not the name of a package: where that changes, every key here would be another job without a word. */
function defaultApp(given: IdempotentExecutionOptions): string {
  if (isLocal(given)) return ALONE;
  throw new DistributedScheduleError(
    'DSCHED_NO_APP',
    `${MODULE} has no app, and no DistributedScheduleModule beside it has one. Another application of the namespace must not be answered ` +
      "with this one's results, so name it, the same in all its releases: " +
      `${MODULE}.forRoot({ store, namespace, app: 'shop-api' })`,
    { value: undefined },
  );
}

function resolvePatience(given: Partial<StorePatience>): StorePatience {
  const patience = resolveOptions({ ...PLACE, path: 'patience.' }, given, PATIENCE);
  const { baseMs, capMs } = patience;
  if (baseMs <= capMs) return patience;
  throw new DistributedScheduleError(
    'DSCHED_DURATIONS',
    `patience.baseMs must not exceed patience.capMs: ${baseMs} > ${capMs}. Lower patience.baseMs.`,
    { value: baseMs },
  );
}
