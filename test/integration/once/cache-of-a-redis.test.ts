/** Which Redis a success is of, and how one is forgotten everywhere: on real servers. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { IdempotentExecutor } from '#src/nest/once/idempotent-executor.js';
import type { Snapshot } from '#src/once/snapshot-store.js';
import {
  type RedisSnapshotCacheOptions,
  redisSnapshotCache,
  redisSnapshots,
} from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const PLATFORM = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'shop' };
const PATIENT = { timeoutMs: 5_000 };

function closedAtEnd<T extends { close(): Promise<void> }>(one: T): T {
  onTestFinished(() => one.close());
  return one;
}

describe('the identity of snapshots in Redis', () => {
  const storeIn = (redis: string) => closedAtEnd(redisSnapshots({ redis, ...PATIENT }).open(PLATFORM));
  const identityOf = async (store: ReturnType<typeof storeIn>): Promise<string | undefined> => {
    const reply = await store.identify?.();
    return reply?.answered === true ? reply.identity : undefined;
  };

  it('is one for all instances, and another one after a flush and after a restart', async () => {
    const server = await ownRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const [mine, yours] = [storeIn(server.url), storeIn(server.url)];
    const first = await identityOf(mine);
    expect(first).toMatch(/^redis \S+ [0-9a-f]{40}:[0-9a-f]{40}$/);
    expect([await identityOf(yours), await identityOf(mine)]).toEqual([first, first]);
    await server.client().flushall();
    const flushed = await identityOf(mine);
    expect(flushed).not.toBe(first);
    expect(await identityOf(yours)).toBe(flushed);
    await server.kill();
    expect(await identityOf(mine)).toBeUndefined();
    await server.start();
    await expect.poll(() => identityOf(mine)).toBeDefined();
    expect(await identityOf(mine)).not.toBe(flushed);
  });

  it('is that of the flush alone where a script may not ask for more', async () => {
    const server = await ownRedis();
    await server.client().call('ACL', 'SETUSER', 'shop', 'on', '>pw', '~shop:job:*', '+@all', '-info');
    const store = storeIn(`redis://shop:pw@127.0.0.1:${server.port}`);
    const first = await identityOf(store);
    expect(first).toMatch(/^redis \S+ :$/);
    await server.client().flushall();
    expect(await identityOf(store)).not.toBe(first);
  });
});

describe('a success that is to be forgotten', () => {
  const server = sharedRedis();

  let jobs = 0;
  const newSuccess = (): Snapshot => {
    jobs += 1;
    return {
      ...{ jobId: sha256Hex(`job ${jobs}`).slice(0, 32), status: 'success', attempt: 1, output: {} },
      ...{ begunAtUs: 1, updatedAtUs: 2 },
    };
  };
  const openCache = (more: Partial<RedisSnapshotCacheOptions> = {}) =>
    closedAtEnd(redisSnapshotCache({ redis: server.url, ...PATIENT, ...more }).open(PLATFORM));
  const listeners = async (): Promise<number> =>
    Number((await server.client().pubsub('NUMSUB', 'shop:done'))[1]);
  /** Caches that listen, with what was published in the memory of each. */
  const listening = async (success: Snapshot, ...more: Partial<RedisSnapshotCacheOptions>[]) => {
    const before = await listeners();
    const caches = more.map(openCache);
    await Promise.all(caches.map((cache) => cache.read(success.jobId)));
    await expect.poll(listeners).toBe(before + caches.length);
    await caches[0]?.publish(success);
    const entry = `shop:done:${success.jobId}`;
    const text = (await server.client().get(entry)) ?? '';
    // From memory, for Redis has none.
    await server.client().del(entry);
    for (const cache of caches) await expect.poll(() => cache.read(success.jobId)).toEqual(success);
    await server.client().set(entry, text);
    return caches;
  };

  it('goes in Redis, here, and from the memory of every instance', async () => {
    const success = newSuccess();
    const [mine, yours, theirs] = await listening(success, {}, {}, {});
    expect(await mine?.forget(success.jobId)).toEqual({ forgotten: true });
    expect(await server.client().exists(`shop:done:${success.jobId}`)).toBe(0);
    expect(await mine?.read(success.jobId)).toBeUndefined();
    for (const cache of [yours, theirs]) await expect.poll(() => cache?.read(success.jobId)).toBeUndefined();
  });

  it('is not remembered by an instance that could not hear of it', async () => {
    const proxy = ProxyHost.open();
    onTestFinished(() => proxy.close());
    const link = await proxy.link(server.url);
    const success = newSuccess();
    const [mine, deaf] = await listening(success, {}, { redis: link.url });
    await link.reset();
    await mine?.forget(success.jobId);
    await expect.poll(() => deaf?.read(success.jobId)).toBeUndefined();
    // Nor later, once it listens again.
    await expect.poll(listeners).toBeGreaterThan(1);
    expect(await deaf?.read(success.jobId)).toBeUndefined();
  });

  it('is told where it could not be forgotten', async () => {
    const cache = openCache({ redis: 'redis://127.0.0.1:1', timeoutMs: 200 });
    expect(await cache.forget(newSuccess().jobId)).toEqual({
      forgotten: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('needs no right beside those for what is kept', async () => {
    const rights = '~shop:done:* resetchannels -@all +hello +auth +ping +info +client|setname +select';
    const scripts = '+eval +evalsha +time +set +get +publish +subscribe +pexpire';
    await server
      .client()
      .call('ACL', 'SETUSER', 'shop', 'on', '>pw', ...rights.split(' '), '&shop:done', ...scripts.split(' '));
    const cache = openCache({ redis: `redis://shop:pw@127.0.0.1:${server.port}` });
    const success = newSuccess();
    await cache.publish(success);
    expect(await cache.read(success.jobId)).toEqual(success);
    expect(await cache.forget(success.jobId)).toEqual({ forgotten: true });
    expect(await cache.read(success.jobId)).toBeUndefined();
  });

  it('is named by its key and part, and the snapshot stays', async () => {
    const instance = (): IdempotentExecutor => {
      const once = new IdempotentExecutor({
        ...{ namespace: 'shop', app: 'billing' },
        store: redisSnapshots({ redis: server.url, ...PATIENT }),
        cache: redisSnapshotCache({ redis: server.url, ...PATIENT }),
      });
      onTestFinished(() => once.onApplicationShutdown());
      return once;
    };
    const [mine, yours] = [instance(), instance()];
    for (const part of ['a', 'b']) await mine.runOnce('order-17', () => part, { part });
    const entries = (): Promise<string[]> => server.client().keys('shop:done:*');
    const before = (await entries()).length;
    await yours.forgetCached('order-17', 'a');
    expect(await entries()).toHaveLength(before - 1);
    expect(await yours.snapshot('order-17', 'a')).toMatchObject({ status: 'success' });
    await server.client().del(...(await server.client().keys('shop:job:[0-9a-f]*')));
    expect(await yours.runOnce('order-17', () => 1, { part: 'a' })).toMatchObject({ kind: 'ran' });
    expect(await yours.runOnce('order-17', () => 1, { part: 'b' })).toMatchObject({ kind: 'replayed' });
    await expect(yours.forgetCached('')).rejects.toMatchObject({ code: 'DSCHED_BAD_KEY' });
  });

  it('is an error where nobody can say that it is gone, and none without a cache', async () => {
    const nowhere = 'redis://127.0.0.1:1';
    const options = { namespace: 'shop', app: 'billing' };
    const store = redisSnapshots({ redis: nowhere, timeoutMs: 200 });
    const cached = new IdempotentExecutor({
      ...options,
      store,
      cache: redisSnapshotCache({ redis: server.url }),
    });
    const bare = new IdempotentExecutor({ ...options, store });
    onTestFinished(async () => {
      await Promise.all([cached.onApplicationShutdown(), bare.onApplicationShutdown()]);
    });
    await expect(cached.forgetCached('order-17')).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    await expect(bare.forgetCached('order-17')).resolves.toBeUndefined();
  });
});
