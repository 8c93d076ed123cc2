/** Snapshots and their cache go to the database that is meant, or nowhere. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redisSnapshotCache, redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { BUSY_AT_ONCE, makeBusy } from '../../support/busy-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const PLATFORM = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'shop' };
const JOB = { jobId: 'a'.repeat(32), attemptId: 'a' };
const SUCCESS = { ...JOB, status: 'success', attempt: 1, begunAtUs: 1, updatedAtUs: 2 } as const;

let server: RedisServer;
const opened: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  server = await startRedis({ args: BUSY_AT_ONCE });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await server.stop();
});

function open<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one);
  return one;
}

describe('snapshots', () => {
  it.each([
    { path: '/99', right: '+select', says: 'it refuses database 99 (ERR): ' },
    { path: '/2', right: '-select', says: 'it refuses database 2 (NOPERM): ' },
  ])(
    'are refused by name where $path is with $right, and nothing is written',
    async ({ path, right, says }) => {
      const client = server.client();
      await client.call('ACL', 'SETUSER', 'shop', 'on', '>s3cret', '~*', '&*', '+@all', right);
      const redis = `redis://shop:s3cret@127.0.0.1:${server.port}${path}`;
      const store = open(redisSnapshots({ redis, timeoutMs: 5_000 }).open(PLATFORM));
      for (const ask of [() => store.begin(JOB), () => store.read(JOB.jobId)]) {
        const error = (await ask().catch((thrown: unknown) => thrown)) as Error;
        expect(error).toMatchObject({ code: 'DSCHED_STORE_REFUSED', value: 'DSCHED_DATABASE_REFUSED' });
        expect(error.message).toContain(says);
        expect(error.message).not.toMatch(/127\.0\.0\.1|s3cret/);
      }
      expect(await client.info('keyspace')).not.toContain('db');
    },
  );

  it('wait for a server that is busy, and go to their database then', async () => {
    const store = open(redisSnapshots({ redis: `${server.url}/2`, timeoutMs: 5_000 }).open(PLATFORM));
    const end = await makeBusy(server);
    expect(await store.begin(JOB)).toMatchObject({
      kind: 'unreachable',
      reason: expect.stringContaining('it refuses database 2 (BUSY): '),
    });
    await end();
    expect(await store.begin(JOB)).toMatchObject({ kind: 'begun' });
    const client = server.client();
    expect(await client.keys('*')).toEqual([]);
    await client.select(2);
    expect(await client.keys('*')).toEqual([`shop:job:${JOB.jobId}`]);
  });
});

describe('the cache of successes', () => {
  it('neither writes nor listens where its database is refused, and does both when it is not', async () => {
    const client = server.client();
    await client.call('ACL', 'SETUSER', 'shop', 'on', '>s3cret', '~*', '&*', '+@all', '-select');
    const redis = `redis://shop:s3cret@127.0.0.1:${server.port}/2`;
    const cache = open(redisSnapshotCache({ redis, timeoutMs: 5_000 }).open(PLATFORM));
    expect(await cache.read(JOB.jobId)).toBeUndefined();
    await cache.publish(SUCCESS);
    expect(await client.info('keyspace')).not.toContain('db');
    expect(await client.pubsub('NUMSUB', 'shop:done')).toEqual(['shop:done', 0]);
    await client.call('ACL', 'SETUSER', 'shop', '+select');
    await expect.poll(() => client.pubsub('NUMSUB', 'shop:done')).toEqual(['shop:done', 1]);
    await cache.publish(SUCCESS);
    await client.select(2);
    expect(await client.exists(`shop:done:${JOB.jobId}`)).toBe(1);
  });
});
