import type { SnapshotCacheSource, SnapshotSource } from '../../once/snapshot-store.js';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import {
  count,
  type OptionCheck,
  type OptionSpec,
  optional,
  readOptions,
  required,
  whole,
} from '../../protocol/options/option-spec.js';
import type { RedisInput } from '../connection/redis-input.js';
import { RedisSnapshotCache } from './redis-snapshot-cache.js';
import { RedisSnapshotStore } from './redis-snapshot-store.js';
import { requireOneSource } from './snapshot-channel.js';

/** All but `redis` have defaults; durations are whole milliseconds. */
export interface RedisSnapshotOptions {
  /** One store, which should keep its data: what it forgets is run again. An ioredis client stays the caller's. */
  readonly redis: RedisInput;
  /** A pending attempt that began longer ago is taken for dead. Default 60000. */
  readonly takeoverMs?: number;
  /** How long a snapshot is kept after its last change; 0 keeps it for ever. Default a day. */
  readonly ttlMs?: number;
  /** A call that takes longer has failed. Default 1000. */
  readonly timeoutMs?: number;
  /** Replicas that must have a change before it counts. Default 0. */
  readonly waitReplicas?: number;
}

export interface RedisSnapshotCacheOptions {
  readonly redis: RedisInput;
  /** How long a success is answered from the cache. Default 600000. */
  readonly ttlMs?: number;
  /** A cache that takes longer is not waited for. Default 200. */
  readonly timeoutMs?: number;
  /** Successes that an instance keeps in its own memory. Default 1000. */
  readonly mostLocal?: number;
}

const DAY_MS = 86_400_000;
const MAX_MS = 366 * DAY_MS;
/** Given as it is: what is wrong with it is told without showing it. */
const ANY: OptionCheck = { takes: 'an URL, ioredis options, or an ioredis client', accepts: () => true };

const STORE: OptionSpec<Required<RedisSnapshotOptions>> = {
  redis: required(ANY),
  takeoverMs: optional(whole(1, MAX_MS), 60_000),
  ttlMs: optional(whole(0, MAX_MS), DAY_MS),
  timeoutMs: optional(whole(1, 60_000), 1_000),
  waitReplicas: optional(count(0, 100), 0),
};

const CACHE: OptionSpec<Required<RedisSnapshotCacheOptions>> = {
  redis: required(ANY),
  ttlMs: optional(whole(1, MAX_MS), 600_000),
  timeoutMs: optional(whole(1, 60_000), 200),
  mostLocal: optional(count(0, 1_000_000), 1_000),
};

/**
 * Snapshots in Redis. Without transactions an effect is run *at least* once: see docs/idempotence.md.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_BAD_REDIS
 */
export function redisSnapshots(options: RedisSnapshotOptions): SnapshotSource<undefined> {
  const { redis, ...settings } = readOptions({ of: 'redisSnapshots' }, options, STORE);
  const { ttlMs, takeoverMs } = settings;
  if (ttlMs > 0 && ttlMs <= takeoverMs) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `ttlMs must be longer than takeoverMs, or a pending attempt is forgotten and run again beside itself: ` +
        `${ttlMs} <= ${takeoverMs}. Raise ttlMs.`,
      { value: ttlMs },
    );
  }
  const source = requireOneSource(redis);
  return {
    open: ({ namespace, ...platform }) =>
      new RedisSnapshotStore(source, platform, { namespace, ...settings }),
  };
}

/**
 * Keeps successes near, in front of any store: in Redis for all instances, and in the memory of each.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_BAD_REDIS
 */
export function redisSnapshotCache(options: RedisSnapshotCacheOptions): SnapshotCacheSource {
  const { redis, ...settings } = readOptions({ of: 'redisSnapshotCache' }, options, CACHE);
  const source = requireOneSource(redis);
  return {
    open: ({ namespace, ...platform }) =>
      new RedisSnapshotCache(source, platform, { namespace, ...settings }),
  };
}
