/** Where votes are kept, as it is given: in Redis or in memory, and whether that is meant or a variable was forgotten. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { badOption, FLAG, requireOption } from '../protocol/options/option-spec.js';
import type { RedisInput } from '../redis/connection/redis-input.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';

type Given = Pick<DistributedScheduleOptions, 'redis' | 'memory' | 'lockProvider' | 'tickLedger'>;

/** @throws DistributedScheduleError DSCHED_BAD_REDIS. Undefined only where `redis` is left out */
export function nodesOf(given: Given): readonly RedisInput[] | undefined {
  if (!('redis' in given)) return undefined;
  const { redis } = given;
  if (redis === undefined || redis === null) {
    // With the memory backend instead, every instance would run every task, and only one log line would say so.
    throw new DistributedScheduleError(
      'DSCHED_BAD_REDIS',
      `redis is given and ${String(redis)}, most likely because an environment variable is not set: ` +
        'is REDIS_URL set? Leave the option out for the memory backend',
      { value: redis },
    );
  }
  return isList(redis) ? redis : [redis];
}

/** @throws DistributedScheduleError DSCHED_MEMORY_IN_PRODUCTION, as nobody reads one warning there; DSCHED_BAD_OPTION */
export function requireMemoryMeant(given: Given, environment: string | undefined): void {
  const { redis, memory = false } = given;
  requireOption({}, 'memory', memory, FLAG);
  if (redis !== undefined && memory)
    throw badOption({}, 'memory', memory, 'nothing beside redis: leave one of the two out');
  if (redis !== undefined || environment !== 'production' || memory || isReplaced(given)) return;
  throw new DistributedScheduleError(
    'DSCHED_MEMORY_IN_PRODUCTION',
    'NODE_ENV is production and redis is left out. Without it every instance has a memory of its own and runs every task. ' +
      'Pass redis and namespace, or memory: true where this process is the only one',
    { value: environment },
  );
}

/** Both are kept elsewhere, and the backend decides nothing. */
export function isReplaced({ lockProvider, tickLedger }: Given): boolean {
  return lockProvider !== undefined && tickLedger !== undefined;
}

/** Array.isArray does not narrow a readonly array. */
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
