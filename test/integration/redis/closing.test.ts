import { beforeEach, describe, expect, it } from 'vitest';
import {
  createProxy,
  newNamespace,
  nodeOf,
  openInstance,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();
let namespace: string;

beforeEach(() => {
  namespace = newNamespace();
});

describe('closing', () => {
  const handles = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Pipe|TLS|GetAddrInfo/.test(name)).length;

  it('leaves no timer and no socket, whatever state the nodes are in', async () => {
    const frozen = await ownRedis();
    const proxy = await createProxy(server);
    const direct = server.client();
    await direct.ping();
    const before = handles();
    const up = await startInstance({ inputs: [server.url], namespace });
    const down = openInstance({ inputs: ['redis://127.0.0.1:1'], namespace });
    const stuck = await startInstance({ inputs: [frozen.url], namespace, nodeTimeoutMs: 5_000 });
    const connecting = openInstance({ inputs: [proxy.url], namespace });
    await until(async () => {
      const reply = await nodeOf(down).peek(['a']);
      return !reply.answered && reply.reason.includes('ECONNREFUSED');
    }, 'it waits for its next attempt');
    frozen.pause();
    const pending = [nodeOf(stuck).peek(['a']), stuck.locks.tryAcquire(['a'], 1_000)];
    const startedMs = performance.now();
    await Promise.all([up, down, stuck, connecting].map((instance) => instance.close()));
    await Promise.all(pending);
    await until(() => handles() <= before, 'no handle is left');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(await nodeOf(up).peek(['a'])).toEqual({ answered: false, reason: 'closed' });
  });

  it('ends the search for a master as well', async () => {
    const before = handles();
    const sentinels = [{ host: '127.0.0.1', port: 1 }];
    const instance = openInstance({ inputs: [{ sentinels, name: 'main' }], namespace });
    await instance.close();
    // The connections to the sentinels are ioredis's own and take two seconds to go.
    await until(() => handles() <= before, 'no handle is left');
  });

  it('can be repeated', async () => {
    const instance = await startInstance({ inputs: [server.url], namespace });
    await instance.close();
    await instance.close();
  });
});
