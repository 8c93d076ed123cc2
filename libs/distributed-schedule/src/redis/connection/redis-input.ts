import type { RedisOptions } from 'ioredis';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import type { EntryFault } from './address-faults.js';
import { faultOfCluster, faultOfOptions } from './entry-faults.js';
import { addressOfCluster, addressOfOptions, isSentinel, type RedisAddress } from './redis-address.js';
import { isMock, MOCKED } from './redis-mock.js';
import { parseRedisUrl } from './redis-url.js';
import { NOT_SET, strayComma } from './url-faults.js';

/** An ioredis `Redis` or `Cluster` of any version: with two copies in one app `instanceof` fails. */
export interface RedisClient {
  readonly isCluster: boolean;
  duplicate: (...args: never[]) => unknown;
}

/**
 * One store: an URL (`redis://` or `rediss://`), the path of a unix socket, ioredis options, or an ioredis client, which
 * stays the caller's and is only asked for its settings.
 */
export type RedisInput = string | RedisOptions | RedisClient;

/** A checked input. Sentinel and Cluster fail over and lose writes then: one vote each, best effort. */
export type RedisSource = {
  readonly address: RedisAddress;
  readonly kind: 'plain' | 'sentinel' | 'cluster';
} & ({ readonly options: RedisOptions } | { readonly client: RedisClient });

/**
 * No message shows a host or a password: an entry is named by its position. An even number is a step of a change, as
 * majorities of n and n + 1 nodes always meet; a first generation is none.
 * @throws DistributedScheduleError DSCHED_BAD_REDIS, DSCHED_EVEN_NODES, DSCHED_SAME_NODE_TWICE
 */
export function requireRedisSources(inputs: readonly RedisInput[], generation = 1): readonly RedisSource[] {
  if (inputs.length === 0) {
    throw new DistributedScheduleError('DSCHED_BAD_REDIS', 'redis is an empty list; give one node or three');
  }
  for (const [index, input] of inputs.entries()) refuseStrayComma(input, index, inputs.length);
  const sources = inputs.map((input, index) => requireSource(input, `redis[${index}]`));
  requireDistinctEndpoints(sources);
  if (inputs.length % 2 === 0 && generation === 1) {
    const count = inputs.length;
    throw new DistributedScheduleError(
      'DSCHED_EVEN_NODES',
      `redis lists ${count} nodes: list ${count - 1} (as many may fail) or ${count + 1} (one more may). ` +
        'As a step of a change of the set it is allowed: raise nodeSetGeneration by one',
      { value: count },
    );
  }
  return sources;
}

/** As far as it can be told: what a Cluster does is none of an entry's own settings. */
export function isTls(source: RedisSource): boolean {
  return 'options' in source && source.options.tls !== undefined;
}

function refuseStrayComma(input: unknown, index: number, count: number): void {
  if (count === 1 || typeof input !== 'string' || input.trim() !== '') return;
  throw badRedis(`redis[${index}] is an empty text, ${strayComma(index, count, 'REDIS_URLS')}`, index);
}

function requireSource(input: unknown, name: string): RedisSource {
  if (typeof input === 'string') {
    const parsed = parseRedisUrl(input);
    if ('fault' in parsed) throw badRedis(`${name} ${parsed.fault}`, parsed.value ?? name);
    return sourceFromOptions(parsed.options, name);
  }
  if (input === undefined || input === null) throw badRedis(`${name} is ${input}, ${NOT_SET}`, input);
  if (typeof input !== 'object') throw noInput(name, `is a ${typeof input}`);
  if (Array.isArray(input)) {
    throw noInput(
      name,
      'is a list in a list; a Cluster is passed as a client of ioredis, new Cluster([...])',
    );
  }
  // A mock has no clock, no INFO and no scripts to vote with.
  if (isMock(input)) throw badRedis(`${name} ${MOCKED}`, 'ioredis-mock');
  if ('duplicate' in input && typeof input.duplicate === 'function') return sourceFromClient(input, name);
  const prototype: unknown = Object.getPrototypeOf(input);
  if (prototype !== Object.prototype && prototype !== null) {
    throw noInput(name, 'is an object of a class that is no ioredis client');
  }
  return sourceFromOptions(input, name);
}

function sourceFromOptions(options: RedisOptions, name: string): RedisSource {
  refuseStringNumbers(options, name);
  refuseFault(faultOfOptions(options), name);
  return { options, kind: isSentinel(options) ? 'sentinel' : 'plain', address: addressOfOptions(options) };
}

function sourceFromClient(candidate: object, name: string): RedisSource {
  const { isCluster, options } = candidate as { isCluster?: unknown; options?: unknown };
  if (typeof isCluster !== 'boolean' || typeof options !== 'object' || options === null) {
    throw noInput(name, 'is a client, but not one of ioredis (node-redis is not supported)');
  }
  const client = candidate as RedisClient;
  if (!isCluster) return { ...sourceFromOptions(options, name), client };
  const { redisOptions } = options as { redisOptions?: RedisOptions };
  refuseStringNumbers(redisOptions ?? {}, name);
  const { startupNodes } = candidate as { startupNodes?: unknown };
  refuseFault(faultOfCluster(options, startupNodes), name);
  return { client, kind: 'cluster', address: addressOfCluster(startupNodes) };
}

function refuseStringNumbers(options: RedisOptions, name: string): void {
  if (options.stringNumbers === true) {
    throw noInput(name, 'has stringNumbers, which turns the integers that votes are counted in into texts');
  }
}

function refuseFault(fault: EntryFault | undefined, name: string): void {
  if (fault !== undefined) throw badRedis(`${name} ${fault.what}`, fault.value);
}

function requireDistinctEndpoints(sources: readonly RedisSource[]): void {
  const firstIndex = new Map<string, number>();
  for (const [index, { address }] of sources.entries()) {
    for (const endpoint of address.endpoints) {
      const earlier = firstIndex.get(endpoint) ?? index;
      if (earlier !== index) {
        const message = `redis[${earlier}] and redis[${index}] have the same address; one master must not have two votes`;
        throw new DistributedScheduleError('DSCHED_SAME_NODE_TWICE', message, { value: index });
      }
      firstIndex.set(endpoint, index);
    }
  }
}

function badRedis(message: string, value: unknown): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_BAD_REDIS', message, { value });
}

function noInput(name: string, what: string): DistributedScheduleError {
  const takes = 'it takes an URL like redis://host:6379, ioredis options, or an ioredis client';
  return badRedis(`${name} ${what}; ${takes}`, name);
}
