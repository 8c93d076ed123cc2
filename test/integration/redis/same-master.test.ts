import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closeInstances,
  createProxy,
  newNamespace,
  openInstance,
  type TcpProxy,
  until,
} from '../../support/redis-instances.js';
import { sharedRedises } from '../../support/shared-servers.js';

const servers = sharedRedises(2);
let proxy: TcpProxy;
let namespace: string;

beforeEach(async () => {
  namespace = newNamespace();
  const [first] = servers;
  if (first !== undefined) proxy = await createProxy(first);
});
afterEach(async () => {
  await closeInstances();
  await proxy.close();
});

const inputs = (): string[] => [...servers.map((server) => server.url), proxy.url];

describe('one master under two addresses', () => {
  it('is refused at the start', async () => {
    await proxy.open();
    const instance = openInstance({ inputs: inputs(), namespace });
    await expect(instance.verifyDistinct(10_000)).rejects.toMatchObject({ code: 'DSCHED_SAME_NODE_TWICE' });
  });

  it('has one vote when it is found out later, and two again when it is two', async () => {
    const instance = openInstance({ inputs: inputs(), namespace });
    await until(() => instance.health().filter((node) => node.answering).length === 2, 'two nodes answer');
    await instance.verifyDistinct(50);
    await proxy.open();
    await until(() => instance.problems.length > 0, 'the problem is told');
    expect(instance.problems).toEqual([
      'DSCHED_SAME_NODE_TWICE: node 3 gives no vote: it is the same master as node 1',
    ]);
    expect(instance.health()[2]).toMatchObject({ answering: false, problem: 'DSCHED_SAME_NODE_TWICE' });
    expect(await instance.nodes[2]?.peek(['a'])).toEqual({
      answered: false,
      reason: 'DSCHED_SAME_NODE_TWICE',
    });
    expect((await instance.nodes[0]?.peek(['a']))?.answered).toBe(true);
    expect(instance.problems).toHaveLength(1);
  });

  it('is no concern of nodes that are down: the check waits no longer than it may', async () => {
    const instance = openInstance({
      inputs: [...servers.map((server) => server.url), 'redis://127.0.0.1:1'],
      namespace,
    });
    await expect(instance.verifyDistinct(100)).resolves.toBeUndefined();
  });
});
