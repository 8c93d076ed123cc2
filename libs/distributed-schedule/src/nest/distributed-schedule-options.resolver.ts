import { DistributedScheduleError } from '../protocol/errors.js';
import type { ScheduleObserver } from '../protocol/observer.js';
import { type ProtocolOptions, requireName, resolveProtocolOptions } from '../protocol/options.js';
import type { LockProvider, Random, TickLedger } from '../protocol/ports.js';
import type { RedisInput } from '../redis/redis-input.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';
import { type OptionNames, requireKnownOptions } from './option-names.js';

const MODULE = 'DistributedScheduleModule';

const OPTION_NAMES: OptionNames = {
  redis: true,
  namespace: true,
  instanceId: true,
  lease: { ttlMs: true },
  bids: { leadMs: true, staggerMs: true },
  nodeTimeoutMs: true,
  shutdownTimeoutMs: true,
  enabled: true,
  lockProvider: true,
  tickLedger: true,
  nodeSetGeneration: true,
  waitReplicas: true,
  observers: true,
};

/** The options with defaults filled in and everything checked that can be checked without a store. */
export interface ModuleOptions {
  readonly protocol: ProtocolOptions;
  /** Undefined for the memory backend. An empty list is a mistake, most likely a variable that is not set. */
  readonly redis: readonly RedisInput[] | undefined;
  readonly instanceId: string;
  readonly lockProvider: LockProvider | undefined;
  readonly tickLedger: TickLedger | undefined;
  readonly nodeSetGeneration: number;
  readonly waitReplicas: number;
  readonly observers: readonly ScheduleObserver[];
}

/**
 * @param random makes the instance id where none is given
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_DURATIONS
 */
export function resolveModuleOptions(given: DistributedScheduleOptions, random: Random): ModuleOptions {
  requireKnownOptions(MODULE, given, OPTION_NAMES);
  const protocol = resolveProtocolOptions(
    withoutUndefined({
      namespace: given.namespace,
      leaseTtlMs: given.lease?.ttlMs,
      bidLeadMs: given.bids?.leadMs,
      bidStaggerMs: given.bids?.staggerMs,
      nodeTimeoutMs: given.nodeTimeoutMs,
      shutdownTimeoutMs: given.shutdownTimeoutMs,
      enabled: given.enabled,
    }),
  );
  const redis = nodesOf(given.redis);
  const { lockProvider, tickLedger, nodeSetGeneration = 1, waitReplicas = 0, observers = [] } = given;
  const instanceId: unknown = given.instanceId ?? random.id();
  requireName('instanceId', instanceId);
  requireMethods('lockProvider', lockProvider, ['tryAcquire', 'extend', 'release']);
  requireMethods('tickLedger', tickLedger, ['claim', 'giveBack', 'peek']);
  requireCount('nodeSetGeneration', nodeSetGeneration, 1);
  requireCount('waitReplicas', waitReplicas, 0);
  if (waitReplicas > 0 && redis?.length !== 1) {
    throw badOption(
      'waitReplicas',
      waitReplicas,
      `0 unless \`redis\` is one node; there are ${redis?.length ?? 0}`,
    );
  }
  if (!Array.isArray(observers)) throw badOption('observers', observers, 'a list of observers');
  for (const observer of observers) requireMethods('observers', observer, ['observe']);
  return {
    protocol,
    redis,
    instanceId,
    lockProvider,
    tickLedger,
    nodeSetGeneration,
    waitReplicas,
    observers,
  };
}

function nodesOf(redis: DistributedScheduleOptions['redis']): readonly RedisInput[] | undefined {
  if (redis === undefined) return undefined;
  return isList(redis) ? redis : [redis];
}

/** Array.isArray does not narrow a readonly array. */
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function requireMethods(option: string, value: object | undefined, methods: readonly string[]): void {
  if (value === undefined) return;
  const missing = methods.filter((name) => typeof Reflect.get(Object(value), name) !== 'function');
  if (missing.length > 0) {
    throw badOption(
      option,
      'an object without them',
      `an object with the methods ${methods.join(', ')}; missing: ${missing.join(', ')}`,
    );
  }
}

function requireCount(option: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw badOption(option, value, `a whole number from ${least}`);
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} is ${String(value)}; it takes ${expected}`,
    {
      value,
    },
  );
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, for types that tell absent from undefined. */
function withoutUndefined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
