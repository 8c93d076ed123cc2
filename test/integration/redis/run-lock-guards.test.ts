/** What keeps a run lock right where the engine below it, a slow node or one that has lost its memory would not. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeOf, until } from '../../support/redis-instances.js';
import { runLockStage, TTL_MS } from './run-lock-stage.js';

const { servers, one, two, namespace, start, acquired, lockKey, stored } = runLockStage();

afterEach(() => void vi.restoreAllMocks());

describe('the guards around the redlock package', () => {
  it('leave nothing behind of an attempt that won only a minority', async () => {
    for (const server of servers.slice(0, 2)) {
      await server.client().set(lockKey(), `-:${'a'.repeat(32)}`, 'PX', TTL_MS);
    }
    expect(await one.locks.tryAcquire(['a'], TTL_MS)).toEqual([{ kind: 'held' }]);
    await until(async () => (await stored())[2] === null, 'the minority is taken back');
  });

  it('end a vote that cannot be decided instead of waiting for ever', async () => {
    const impatient = await start({ nodeTimeoutMs: 150 });
    await servers[0]?.client().set(lockKey(), `-:${'a'.repeat(32)}`, 'PX', TTL_MS);
    servers[1]?.pause();
    const [verdict] = await impatient.locks.tryAcquire(['a'], TTL_MS);
    expect(verdict).toEqual({ kind: 'no_quorum', reason: '1 acquired, 1 held, 1 timeout of 3 nodes' });
    expect(await servers[2]?.client().get(lockKey())).toBeNull();
  });

  it('let no node grant a lock after its caller stopped waiting, even when it thaws and reads the message', async () => {
    const timeoutMs = 150;
    const impatient = await start({ nodeTimeoutMs: timeoutMs });
    await Promise.all(impatient.nodes.map((node) => node.peek([])));
    const [, , third] = servers;
    third?.pause();
    const startedMs = performance.now();
    // Two nodes are enough, so nothing is released: the message to the third stays in the frozen server's socket.
    await acquired(impatient);
    await until(() => performance.now() > startedMs + 2 * timeoutMs, 'nobody waits any more');
    third?.resume();
    await until(() => impatient.health()[2]?.answering === false, 'the timeout is noticed');
    await until(
      async () => (await impatient.nodes[2]?.peek([]))?.answered === true,
      'the node answers again',
    );
    expect(await stored()).toEqual([expect.any(String), expect.any(String), null]);
  });

  it('extend a lock across a step of the wall clock', async () => {
    const lock = await acquired(one);
    const realNow = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 3_600_000);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() - 3_600_000);
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
  });

  it('release a lock that is gone without a word and without delay', async () => {
    const lock = await acquired(one);
    await Promise.all(servers.map((server) => server.client().del(lockKey())));
    const startedMs = performance.now();
    await expect(one.locks.release([lock, lock])).resolves.toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('keep the engine quiet about lost votes', async () => {
    const written = vi.spyOn(console, 'error');
    const thrown: unknown[] = [];
    const listener = (error: unknown): void => void thrown.push(error);
    process.on('unhandledRejection', listener);
    await acquired(one);
    await two.locks.tryAcquire(['a'], TTL_MS);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(written).not.toHaveBeenCalled();
    expect(thrown).toEqual([]);
  });
});

describe('a node that may have forgotten a lock', () => {
  it('grants none for one time to live, and counts as silent', async () => {
    await Promise.all(servers.map((server) => server.client().flushall()));
    const [verdict] = await one.locks.tryAcquire(['a'], TTL_MS);
    expect(verdict).toEqual({ kind: 'no_quorum', reason: '3 quarantined of 3 nodes' });
    await until(
      async () => (await one.locks.tryAcquire(['b'], 300))[0]?.kind === 'acquired',
      'it grants again',
    );
  });

  it('takes back the present holder, so that a restart costs no run its lease', async () => {
    const lock = await acquired(one);
    await Promise.all(servers.map((server) => server.client().flushall()));
    expect(await one.locks.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    expect(await stored()).toEqual(servers.map(() => `${one.instanceId}:${lock.value}`));
    expect((await two.locks.tryAcquire(['a'], TTL_MS))[0]?.kind).toBe('held');
  });

  it('does not revive a lock for a caller that cannot say until when it means it', async () => {
    const fresh = await start();
    const [server] = servers;
    const { EXTEND_SCRIPT } = await import('#src/redis/scripts/lock-scripts.js');
    await server?.client().flushall();
    const reply = await server
      ?.client()
      .eval(
        EXTEND_SCRIPT.text,
        2,
        `{${namespace()}}:ledger`,
        lockKey(),
        '',
        fresh.instanceId,
        '0',
        '',
        '0',
        'abc',
        '1000',
        '',
        '',
      );
    expect((reply as readonly unknown[])[3]).toBe('quarantined');
    expect(nodeOf(fresh).label).toBe('node 1');
  });
});
