import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot, SnapshotCache } from '#src/once/snapshot-store.js';
import { fencedSet } from '#src/redis/once/fenced-set.js';
import { redisSnapshotCache, redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const PLATFORM = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'shop' };
const PATIENT = { timeoutMs: 5_000 };
let jobs = 0;
const newJobId = (): string => {
  jobs += 1;
  return sha256Hex(`job ${jobs}`).slice(0, 32);
};

const server = sharedRedis({ password: 'hush' });

describe('snapshots in Redis', () => {
  it('are one key per job, which goes when its time to live is over', async () => {
    const store = redisSnapshots({ redis: server.url, takeoverMs: 100, ttlMs: 400, ...PATIENT }).open(
      PLATFORM,
    );
    const jobId = newJobId();
    const begun = await store.begin({ jobId, attemptId: 'a' });
    const client = server.client();
    expect(await client.keys('shop:job:*')).toEqual([`shop:job:${jobId}`]);
    expect(await client.pttl(`shop:job:${jobId}`)).toBeGreaterThan(0);
    if (begun.kind === 'begun') await begun.attempt.succeed({});
    await expect.poll(() => client.exists(`shop:job:${jobId}`)).toBe(0);
    await store.close();
  });

  it('let an attempt begin whose request is sent again because its answer was lost', async () => {
    const proxy = ProxyHost.open();
    const link = await proxy.link(server.url);
    const store = redisSnapshots({ redis: link.url, timeoutMs: 300 }).open(PLATFORM);
    try {
      const start = { jobId: newJobId(), attemptId: 'mine' };
      await store.read(start.jobId);
      await link.set({ replies: { drop: true } });
      expect(await store.begin(start)).toMatchObject({ kind: 'unreachable' });
      await link.set({});
      await expect.poll(async () => (await store.begin(start)).kind).toBe('begun');
      expect(await store.begin(start)).toMatchObject({
        kind: 'begun',
        attempt: { snapshot: { attempt: 1 } },
      });
      expect(await store.begin({ ...start, attemptId: 'yours' })).toMatchObject({ kind: 'pending' });
    } finally {
      await store.close();
      await proxy.close();
    }
  });

  it('say unreachable for a server that is away, in the time they are given, and come back with it', async () => {
    const own = await ownRedis();
    const store = redisSnapshots({ redis: own.url, timeoutMs: 300 }).open(PLATFORM);
    expect(await store.read(newJobId())).toEqual({ answered: true, snapshot: undefined });
    await own.kill();
    expect(await store.begin({ jobId: newJobId(), attemptId: 'a' })).toMatchObject({ kind: 'unreachable' });
    await own.start();
    await expect.poll(async () => (await store.read(newJobId())).answered).toBe(true);
    await store.close();
  });

  it('name neither host nor password when they are refused', async () => {
    const url = new URL(server.url);
    url.password = 'wrong-hush';
    const store = redisSnapshots({ redis: url.href, timeoutMs: 300 }).open(PLATFORM);
    const error = await store.begin({ jobId: newJobId(), attemptId: 'a' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DSCHED_STORE_REFUSED', value: 'DSCHED_CREDENTIALS_REFUSED' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/hush|127\.0\.0\.1/);
    await store.close();
  });

  it('need no more rights than docs/idempotence.md says', async () => {
    const page = readFileSync(new URL('../../../docs/idempotence.md', import.meta.url), 'utf8');
    const rights = [...page.matchAll(/`([^`]*\+(?:eval|hello) [^`]*)`/g)].flatMap(
      ([, text]) => text?.split(/\s+/) ?? [],
    );
    expect(rights).toContain('~shop:job:*');
    await server.client().call('ACL', 'SETUSER', 'shop', 'reset', 'on', '>shop', '-@all', ...rights);
    const url = new URL(server.url);
    [url.username, url.password] = ['shop', 'shop'];
    const store = redisSnapshots({ redis: url.href, ...PATIENT }).open(PLATFORM);
    const cache = redisSnapshotCache({ redis: url.href, ...PATIENT }).open(PLATFORM);
    const input = { digest: 'd', json: '1' };
    const job = { jobId: newJobId(), fencingToken: 1, input };
    const first = await store.begin({ ...job, attemptId: 'a' });
    if (first.kind === 'begun') await first.attempt.fail('no');
    const second = await store.begin({ ...job, attemptId: 'b' });
    const end = second.kind === 'begun' ? await second.attempt.succeed({}) : undefined;
    expect(end?.kind).toBe('written');
    await cache.read(job.jobId);
    await expect.poll(() => server.client().pubsub('NUMSUB', 'shop:done')).not.toEqual(['shop:done', 0]);
    if (end?.kind === 'written') await cache.publish(end.snapshot);
    expect(await server.client().exists(`shop:done:${job.jobId}`)).toBe(1);
    expect(await store.identify?.()).toMatchObject({ identity: expect.stringMatching(/ \w{40}:\w{40}$/) });
    expect(await cache.forget(job.jobId)).toEqual({ forgotten: true });
    await Promise.all([store.close(), cache.close()]);
  });

  it.each([
    [{ ttlMs: 60_000, takeoverMs: 60_000 }, 'DSCHED_DURATIONS'],
    [{ takeoverMs: 0 }, 'DSCHED_BAD_OPTION'],
    [{ ttlMs: 1.5 }, 'DSCHED_BAD_OPTION'],
    [{ takeOverMs: 5 }, 'DSCHED_UNKNOWN_OPTION'],
    [{ redis: '127.0.0.1' }, 'DSCHED_BAD_REDIS'],
  ])('are refused with %o', (given, code) => {
    expect(() => redisSnapshots({ redis: server.url, ...given })).toThrow(expect.objectContaining({ code }));
  });
});

describe('the cache of successes in Redis', () => {
  const successOf = (jobId: string): Snapshot => ({
    ...{ jobId, status: 'success', attempt: 1, output: { digest: 'd', json: '7' } },
    ...{ begunAtUs: 1, updatedAtUs: 2 },
  });
  const opened: SnapshotCache[] = [];
  let namespace = '';
  // A namespace for each test: a cache of the test before may subscribe late, and would be counted here.
  beforeEach(() => {
    jobs += 1;
    namespace = `shop-${jobs}`;
  });
  const openCache = (more: { ttlMs?: number; mostLocal?: number; redis?: string } = {}): SnapshotCache => {
    const cache = redisSnapshotCache({ redis: server.url, ...PATIENT, ...more }).open({
      ...PLATFORM,
      namespace,
    });
    opened.push(cache);
    return cache;
  };
  const subscribed = async (): Promise<number> =>
    Number((await server.client().pubsub('NUMSUB', `${namespace}:done`))[1]);
  afterAll(() => Promise.all(opened.map((cache) => cache.close())));

  it('answers every instance with what one has published', async () => {
    const [mine, yours] = [openCache(), openCache({ mostLocal: 0 })];
    const success = successOf(newJobId());
    expect(await yours.read(success.jobId)).toBeUndefined();
    await mine.publish(success);
    expect(await yours.read(success.jobId)).toEqual(success);
  });

  it('answers from an instance’s own memory once it has heard of a success', async () => {
    const [mine, yours] = [openCache(), openCache()];
    const success = successOf(newJobId());
    await yours.read(success.jobId);
    await expect.poll(subscribed).toBe(1);
    await mine.publish(success);
    await server.client().del(`${namespace}:done:${success.jobId}`);
    await expect.poll(() => yours.read(success.jobId)).toEqual(success);
  });

  it('forgets when the time to live is over, in Redis and in memory', async () => {
    const cache = openCache({ ttlMs: 100 });
    const success = successOf(newJobId());
    await cache.publish(success);
    await sleep(150);
    expect(await cache.read(success.jobId)).toBeUndefined();
  });

  it('keeps no more than its bound in memory', async () => {
    const cache = openCache({ mostLocal: 2 });
    const all = [successOf(newJobId()), successOf(newJobId()), successOf(newJobId())];
    await cache.read(newJobId());
    await expect.poll(subscribed).toBe(1);
    for (const success of all) await cache.publish(success);
    await server.client().flushall();
    expect(await Promise.all(all.map(({ jobId }) => cache.read(jobId)))).toEqual([undefined, all[1], all[2]]);
  });

  it('takes nothing but successes, whoever writes there', async () => {
    const cache = openCache();
    const [pending, other] = [newJobId(), newJobId()];
    await cache.publish({ ...successOf(pending), status: 'failed' });
    expect(await cache.read(pending)).toBeUndefined();
    for (const text of ['{', 'null', '{"status":"pending"}', JSON.stringify(successOf(newJobId()))]) {
      await server.client().set(`${namespace}:done:${other}`, text);
      expect(await cache.read(other)).toBeUndefined();
    }
  });

  it('is no hindrance when it is away', async () => {
    const cache = openCache({ redis: 'redis://127.0.0.1:1' });
    const success = successOf(newJobId());
    expect(await cache.read(success.jobId)).toBeUndefined();
    await expect(cache.publish(success)).resolves.toBeUndefined();
  });
});

describe('a fenced value in Redis', () => {
  it('takes a first token, a larger one and the same one, and refuses a smaller one', async () => {
    const client = server.client();
    const write = (value: string, token: number) =>
      fencedSet(client, { key: 'price', value, token, claimId: `claim of ${token}` });
    expect(await write('a', 1_700_000_000_000)).toEqual({ kind: 'written' });
    expect(await write('b', 1_700_000_000_000)).toEqual({ kind: 'written' });
    expect(await write('c', 1_700_000_000_001)).toEqual({ kind: 'written' });
    expect(await write('d', 1_700_000_000_000)).toEqual({ kind: 'stale', newest: 1_700_000_000_001 });
    expect(await client.hget('price', 'value')).toBe('c');
  });

  it('refuses the same token of another claim', async () => {
    const client = server.client();
    const write = (token: number, claimId: string) =>
      fencedSet(client, { key: 'rate', value: `${token} ${claimId}`, token, claimId });
    expect(await write(7, 'a')).toEqual({ kind: 'written' });
    expect(await write(7, 'b')).toEqual({ kind: 'stale', newest: 7 });
    expect(await write(7, 'a')).toEqual({ kind: 'written' });
    expect(await write(8, 'b')).toEqual({ kind: 'written' });
    expect(await write(7, 'a')).toEqual({ kind: 'stale', newest: 8 });
    expect(await client.hgetall('rate')).toEqual({ fence: '8', claim: 'b', value: '8 b' });
  });

  it('refuses the same token too where each run may write once, also after the scripts are gone', async () => {
    const client = server.client();
    const write = (token: number) =>
      fencedSet(client, { key: 'once', value: 'v', token, claimId: 'a', repeat: 'refuse' });
    expect(await write(7)).toEqual({ kind: 'written' });
    await client.script('FLUSH');
    expect(await write(7)).toEqual({ kind: 'stale', newest: 7 });
  });

  it('may have a time to live', async () => {
    const client = server.client();
    await fencedSet(client, { key: 'short', value: 'v', token: 7, claimId: 'a', ttlMs: 50 });
    await expect.poll(() => client.exists('short')).toBe(0);
  });

  it('stays, and its token with it, where a later write has no time to live', async () => {
    const client = server.client();
    await fencedSet(client, { key: 'lasting', value: 'a', token: 7, claimId: 'a', ttlMs: 60_000 });
    await fencedSet(client, { key: 'lasting', value: 'b', token: 8, claimId: 'b' });
    expect(await client.pttl('lasting')).toBe(-1);
  });

  it.each([{ key: '' }, { token: -1 }, { token: 1.5 }, { claimId: '' }, { ttlMs: -1 }, { ttlMs: 1e18 }])(
    'is not written with %o',
    async (given) => {
      const write = fencedSet(server.client(), { key: 'k', value: 'v', token: 1, claimId: 'a', ...given });
      await expect(write).rejects.toMatchObject({ code: 'DSCHED_BAD_OPTION' });
      expect(await server.client().exists('k')).toBe(0);
    },
  );
});
