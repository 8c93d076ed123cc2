import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeldLock } from '#src/protocol/contract/ports.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import {
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  scriptCalls,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

/** Longer than any test: a lock that is gone was released. */
const TTL_MS = 60_000;
const server = sharedRedis();
let proxies: ProxyHost;
let link: ProxyLink;
let namespace: string;
let cutOff: Instance;
let other: Instance;

beforeAll(() => {
  proxies = ProxyHost.open();
});
afterAll(() => proxies.close());
beforeEach(async () => {
  namespace = newNamespace();
  link = await proxies.link(server.url);
  cutOff = await startInstance({ inputs: [link.url], namespace, nodeTimeoutMs: 500 });
  other = await startInstance({ inputs: [server.url], namespace });
  await nodeOf(other).peek([]);
  await endQuarantine(server, namespace);
});
afterEach(() => server.resume());

const lockKey = (task = 'a'): string => `{${namespace}}:lock:${task}`;
const stored = (task = 'a'): Promise<string | null> => server.client().get(lockKey(task));

async function acquired(instance: Instance, task = 'a'): Promise<HeldLock> {
  const [verdict] = await instance.locks.tryAcquire([task], TTL_MS);
  if (verdict?.kind !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(verdict)}`);
  return verdict.lock;
}

/** Until its end the node is down for the instance, and every call ends at once. */
async function cut(): Promise<void> {
  await link.set({ refuse: true });
  await link.reset();
  await until(() => cutOff.health()[0]?.answering === false, 'the loss is noticed');
}

describe('a lock whose release did not reach its node', () => {
  it('is released when the connection is back after a reset in the run', async () => {
    const lock = await acquired(cutOff);
    await cut();
    await cutOff.locks.release([lock]);
    expect(await stored()).not.toBeNull();
    await link.set({});
    await until(async () => (await stored()) === null, 'the lock is released');
    await acquired(other);
  });

  it('is released when its acquire was granted and the reply was lost with the connection', async () => {
    await link.set({ replies: { drop: true } });
    const bid = cutOff.locks.tryAcquire(['a'], TTL_MS);
    await until(async () => (await stored()) !== null, 'the node has granted the lock');
    await link.set({ refuse: true });
    expect((await bid)[0]?.kind).toBe('no_quorum');
    expect(await stored()).not.toBeNull();
    await link.set({});
    await until(async () => (await stored()) === null, 'the lock is released');
  });

  it('is released when a master that was stopped for a while goes on', async () => {
    const lock = await acquired(cutOff);
    server.pause();
    await until(async () => {
      const reply = await nodeOf(cutOff).peek([]);
      return !reply.answered && reply.reason.startsWith('not connected');
    }, 'the socket is given up');
    await cutOff.locks.release([lock]);
    server.resume();
    await until(async () => (await stored()) === null, 'the lock is released');
  });

  it('is left alone when it is somebody else’s by then', async () => {
    // Both scripts are known to the server from here on: what is counted below is two calls.
    await cutOff.locks.release([await acquired(cutOff)]);
    const lock = await acquired(cutOff);
    await cut();
    await cutOff.locks.release([lock]);
    await server.client().del(lockKey());
    const foreign = await acquired(other);
    await server.client().config('RESETSTAT');
    await link.set({});
    await until(async () => (await scriptCalls(server)) >= 2, 'the handshake and the release have arrived');
    expect(await stored()).toBe(`${other.instanceId}:${foreign.value}`);
  });

  it('costs its node one message, however many locks there are', async () => {
    const tasks = Array.from({ length: 100 }, (_, index) => `task ${index}`);
    await cutOff.locks.release([await acquired(cutOff)]);
    const verdicts = await cutOff.locks.tryAcquire(tasks, TTL_MS);
    await cut();
    for (const verdict of verdicts) {
      await cutOff.locks.release(verdict.kind === 'acquired' ? [verdict.lock] : []);
    }
    await server.client().config('RESETSTAT');
    await link.set({});
    await until(async () => (await stored('task 99')) === null, 'the last lock is released');
    const left = await server.client().exists(tasks.map(lockKey));
    expect({ left, calls: await scriptCalls(server) }).toEqual({ left: 0, calls: 2 });
  });

  it('does not hold up the end of the connections, and is not released after it', async () => {
    const lock = await acquired(cutOff);
    await cut();
    await cutOff.locks.release([lock]);
    const startedMs = performance.now();
    await cutOff.close();
    expect(performance.now() - startedMs).toBeLessThan(500);
    const { accepted } = await link.counters();
    await link.set({});
    await other.locks.release([await acquired(other, 'b')]);
    expect(await stored()).not.toBeNull();
    expect((await link.counters()).accepted).toBe(accepted);
  });
});
