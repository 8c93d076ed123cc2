/** The second connection of an instance to a node waits for the first, and does not knock where it is refused. */

import { Redis } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectionsTo, countConnections } from '../../support/connection-count.js';
import { createProxy, newNamespace, openInstance, until } from '../../support/redis-instances.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const SECRET = 'geheim-91ac';
const server = sharedRedis();

beforeAll(() => countConnections());

const presences = async (admin: Redis): Promise<number> =>
  String(await admin.call('CLIENT', 'LIST')).split('name=nestjs-distributed-schedule:presence').length - 1;

describe('the connection for presence', () => {
  it('is not opened before the one for commands is confirmed', async () => {
    const locked = await ownRedis({ password: SECRET });
    const options = { port: locked.port, password: 'wrong' };
    const sinceMs = performance.now();
    const instance = openInstance({ inputs: [options], namespace: newNamespace() });
    await until(
      () => connectionsTo([locked.port], sinceMs, performance.now()) >= 6,
      'it was tried six times',
    );
    expect(await locked.client().client('LIST')).not.toContain('presence');
    options.password = SECRET;
    await until(() => instance.health().every((node) => node.answering && node.presence), 'both stand');
  });

  it('comes back with the one for commands, and by itself when it alone was lost', async () => {
    const proxy = await createProxy(server);
    await proxy.open();
    const instance = openInstance({ inputs: [proxy.url], namespace: newNamespace() });
    const isSeen = (): boolean => instance.health().every((node) => node.answering && node.presence);
    await until(isSeen, 'both stand');
    await proxy.close();
    await until(() => instance.health().every((node) => !node.answering && !node.presence), 'both are lost');
    await proxy.open();
    await until(isSeen, 'both stand again');
    await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => instance.presenceRestored === 2, 'it is seen again');
    await instance.close();
    await proxy.close();
  });

  it('stays when SUBSCRIBE is refused, with the line to type, and subscribes when the right is given', async () => {
    const admin = server.client();
    await admin.acl('SETUSER', 'mute', 'on', `>${SECRET}`, '~*', '&*', '+@all', '-subscribe');
    const before = await presences(admin);
    const namespace = newNamespace();
    const caller = new Redis({ port: server.port, username: 'mute', password: SECRET, lazyConnect: true });
    const instance = openInstance({ inputs: [caller], namespace });
    await until(() => instance.health()[0]?.warnings !== undefined, 'it is told');
    const warning = `its user may not subscribe, so the death of an instance is noticed late there: ACL SETUSER <user> +subscribe &{${namespace}}:presence:*`;
    expect(instance.health()).toMatchObject([{ answering: true, presence: false, warnings: [warning] }]);
    const sinceMs = performance.now();
    await admin.acl('SETUSER', 'mute', '+subscribe');
    await until(() => instance.health().every((node) => node.presence), 'it subscribes');
    expect(instance.health()[0]).not.toHaveProperty('warnings');
    expect([await presences(admin), connectionsTo([server.port], sinceMs, performance.now())]).toEqual([
      before + 1,
      0,
    ]);
  });
});

describe('connections that end soon after they stand', () => {
  const LIFE_MS = 100;

  it('are opened ever more slowly, as the server counts them too', { timeout: 40_000 }, async () => {
    const flapping = await ownRedis();
    const observer = flapping.client();
    const received = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await observer.info('stats'))?.[1]);
    const instance = openInstance({ inputs: [flapping.url], namespace: newNamespace() });
    const kill = async (): Promise<unknown> => observer.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    let isKilling = true;
    const killing = (async () => {
      while (isKilling) {
        await new Promise((resolve) => setTimeout(resolve, LIFE_MS));
        await kill().catch(() => {});
      }
    })();
    await until(() => instance.health().every((node) => node.answering), 'it is reached');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const [sinceMs, before] = [performance.now(), await received()];
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const counted = connectionsTo([flapping.port], sinceMs, performance.now());
    const told = (await received()) - before;
    isKilling = false;
    await killing;
    expect(counted).toBeLessThanOrEqual(5);
    // One that is opened at either end of the five seconds may be seen by one side only.
    expect(Math.abs(told - counted)).toBeLessThanOrEqual(2);
    await instance.close();
  });
});
