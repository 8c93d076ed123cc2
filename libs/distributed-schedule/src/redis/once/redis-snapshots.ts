import type { SnapshotCacheSource, SnapshotSource } from '../../once/snapshot-store.js';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import { harmlessValue, shownValue } from '../../protocol/options/shown-value.js';
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

const LONGEST_MS = 366 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * Snapshots in Redis. Without transactions an effect is run *at least* once: see docs/idempotence.md.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_BAD_REDIS
 */
export function redisSnapshots(options: RedisSnapshotOptions): SnapshotSource<undefined> {
  requireNames('redisSnapshots', options, ['redis', 'takeoverMs', 'ttlMs', 'timeoutMs', 'waitReplicas']);
  const { takeoverMs = 60_000, ttlMs = DAY_MS, timeoutMs = 1_000, waitReplicas = 0 } = options;
  requireWhole('takeoverMs', takeoverMs, 1, LONGEST_MS);
  requireWhole('ttlMs', ttlMs, 0, LONGEST_MS);
  requireWhole('timeoutMs', timeoutMs, 1, 60_000);
  requireWhole('waitReplicas', waitReplicas, 0, 100);
  if (ttlMs > 0 && ttlMs <= takeoverMs) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `ttlMs must be longer than takeoverMs, or a pending attempt is forgotten and run again beside itself: ` +
        `${ttlMs} <= ${takeoverMs}. Raise ttlMs.`,
      { value: ttlMs },
    );
  }
  const source = requireOneSource(options.redis);
  return {
    open: ({ namespace, ...platform }) =>
      new RedisSnapshotStore(source, platform, { namespace, takeoverMs, ttlMs, timeoutMs, waitReplicas }),
  };
}

/**
 * Keeps successes near, in front of any store: in Redis for all instances, and in the memory of each.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_BAD_REDIS
 */
export function redisSnapshotCache(options: RedisSnapshotCacheOptions): SnapshotCacheSource {
  requireNames('redisSnapshotCache', options, ['redis', 'ttlMs', 'timeoutMs', 'mostLocal']);
  const { ttlMs = 600_000, timeoutMs = 200, mostLocal = 1_000 } = options;
  requireWhole('ttlMs', ttlMs, 1, LONGEST_MS);
  requireWhole('timeoutMs', timeoutMs, 1, 60_000);
  requireWhole('mostLocal', mostLocal, 0, 1_000_000);
  const source = requireOneSource(options.redis);
  return {
    open: ({ namespace, ...platform }) =>
      new RedisSnapshotCache(source, platform, { namespace, ttlMs, timeoutMs, mostLocal }),
  };
}

function requireNames(place: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new DistributedScheduleError(
        'DSCHED_UNKNOWN_OPTION',
        `${place} has no option '${String(harmlessValue(name))}'. It takes ${names.join(', ')}.`,
        { value: harmlessValue(name) },
      );
    }
  }
}

function requireWhole(option: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option ${option} is ${shownValue(value)}; it takes a whole number from ${least} to ${most}`,
      { value: harmlessValue(value) },
    );
  }
}
