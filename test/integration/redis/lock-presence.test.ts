import { beforeEach, describe, expect, it } from 'vitest';
import { PRESENCE_GRACE_MS } from '#src/protocol/contract/constants.js';
import {
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const TTL_MS = 30_000;
const GRACE_MS = PRESENCE_GRACE_MS;
const server = sharedRedis();
let namespace: string;
let holder: Instance;
let contender: Instance;

beforeEach(async () => {
  namespace = newNamespace();
  holder = await startInstance({ inputs: [server.url], namespace });
  contender = await startInstance({ inputs: [server.url], namespace });
  await nodeOf(holder).peek([]);
  await endQuarantine(server, namespace);
});

const lockKey = (): string => `{${namespace}}:lock:a`;

const tryLock = async (instance: Instance): Promise<string | undefined> =>
  (await instance.locks.tryAcquire(['a'], TTL_MS))[0]?.kind;

describe('the lock of a holder that died', () => {
  it('is free after the grace, not after its time to live', async () => {
    expect(await tryLock(holder)).toBe('acquired');
    const startedMs = performance.now();
    // What a kill -9 looks like from the server: all its sockets are closed, nothing was released.
    await holder.close();
    await until(async () => (await tryLock(contender)) === 'acquired', 'the lock is free');
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(GRACE_MS / 2);
    expect(tookMs).toBeLessThan(TTL_MS / 3);
  });

  it('is refused with the time at which it comes free, so that a bidder can come back in time', async () => {
    expect(await tryLock(holder)).toBe('acquired');
    await holder.close();
    await until(async () => {
      const [verdict] = await contender.locks.tryAcquire(['a'], TTL_MS);
      return verdict?.kind === 'held' && verdict.freeInMs !== undefined && verdict.freeInMs <= GRACE_MS;
    }, 'the holder is taken for dead');
    const [again] = await contender.locks.tryAcquire(['a'], TTL_MS);
    expect(again).toMatchObject({ kind: 'held', holder: holder.instanceId });
  });

  it('lives its whole time when the holder was never seen', async () => {
    await server.client().set(lockKey(), `-:${'a'.repeat(32)}`, 'PX', TTL_MS);
    expect(await tryLock(contender)).toBe('held');
    expect(await server.client().pttl(lockKey())).toBeGreaterThan(GRACE_MS);
  });

  it('is left alone while the holder is seen', async () => {
    expect(await tryLock(holder)).toBe('acquired');
    expect(await tryLock(contender)).toBe('held');
    expect(await server.client().pttl(lockKey())).toBeGreaterThan(GRACE_MS);
  });
});

describe('a holder that was wrongly taken for dead', () => {
  it('is told when it is seen again, and its renewal restores the lock', async () => {
    const [verdict] = await holder.locks.tryAcquire(['a'], TTL_MS);
    if (verdict?.kind !== 'acquired') throw new Error('not acquired');
    let restoredBefore = 0;
    await until(async () => {
      restoredBefore = holder.presenceRestored;
      await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      expect(await tryLock(contender)).toBe('held');
      return (await server.client().pttl(lockKey())) <= GRACE_MS;
    }, 'the contender takes the holder for dead');
    await until(() => holder.presenceRestored > restoredBefore, 'the holder is told');
    expect(await holder.locks.extend([verdict.lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    expect(await server.client().pttl(lockKey())).toBeGreaterThan(GRACE_MS);
    expect(await tryLock(contender)).toBe('held');
    expect(await server.client().pttl(lockKey())).toBeGreaterThan(GRACE_MS);
  });
});
