/** ioredis-mock, which people put in place of ioredis in tests: it has neither a clock nor the scripts to vote with. */

import { DistributedScheduleError } from '../../protocol/contract/errors.js';

export const MOCKED =
  'is a client of ioredis-mock, which has no scripts to vote with; leave redis out in tests: the memory backend needs no server';

/** Its classes are known by name: a bundle or another version must be found too. */
export function isMock(client: object): boolean {
  let prototype: unknown = Object.getPrototypeOf(client);
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    const made: unknown = prototype.constructor;
    if (typeof made === 'function' && /RedisMock/.test(made.name)) return true;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

/**
 * Where a test runner has replaced the whole package: `client` is its class `Redis`.
 * @throws DistributedScheduleError DSCHED_BAD_REDIS
 */
export function refuseMockedPackage(client: unknown): void {
  if (typeof client === 'function' && !isMock(Object.create(client.prototype as object) as object)) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_REDIS',
    'the package ioredis is replaced in this process, as by ioredis-mock; leave redis out in tests: the memory backend needs no server',
    { value: 'ioredis-mock' },
  );
}
