/** What is said of a node that cannot vote, for each thing that people get wrong: the cause, and what to do. */

import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Cluster } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { RedisInput } from '#src/redis/connection/redis-input.js';
import { beatOf, newNamespace, openInstance, until } from '../../support/redis-instances.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';
import { startTlsFront } from '../../support/tls-server.js';

const NODE_TIMEOUT_MS = 120;
const SECRET = 'geheim-7f3a';
const server = sharedRedis();

/** Asks a node again and again, as an instance does, until it says what is expected of it. */
async function expectWhy(input: RedisInput, why: RegExp): Promise<void> {
  const instance = openInstance({
    inputs: [input],
    namespace: newNamespace(),
    nodeTimeoutMs: NODE_TIMEOUT_MS,
  });
  let said: string | undefined;
  await until(async () => {
    await beatOf(instance);
    said = instance.health()[0]?.why;
    return said !== undefined && why.test(said);
  }, `it says ${why}`).catch((error: Error) => {
    throw new Error(`${error.message}, and it says: ${said}`);
  });
  expect(said).not.toMatch(/geheim|127\.0\.0\.1|invalid/);
  expect(instance.health()[0]).toMatchObject({ answering: false });
}

async function listen(listener: Server): Promise<number> {
  onTestFinished(() => void listener.close());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port;
}

it('a wrong password', async () => {
  await server.client().acl('SETUSER', 'shop', 'on', '>right', '~*', '&*', '+@all');
  await expectWhy(
    `redis://shop:${SECRET}@127.0.0.1:${server.port}`,
    /^it refuses the user or the password \(WRONGPASS\): /,
  );
});

it('no password where one is wanted', async () => {
  const locked = await ownRedis({ password: SECRET });
  await expectWhy(`redis://127.0.0.1:${locked.port}`, /^it asks for a password \(NOAUTH\): /);
});

it('an unknown host', async () => {
  await expectWhy('redis://no-such-host.invalid', /^its host name .*\((ENOTFOUND|EAI_AGAIN)\): /);
});

it('nobody who listens', async () => {
  await expectWhy(
    'redis://127.0.0.1:1',
    /^nobody listens at its address \(ECONNREFUSED\): start Redis there/,
  );
});

it('Sentinels that nobody runs', async () => {
  const sentinels = [{ host: '127.0.0.1', port: 1 }];
  await expectWhy({ sentinels, name: 'main' }, /^no Sentinel answers, or none knows a master of that name: /);
});

it('a Cluster of which no node is there', async () => {
  const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
  await expectWhy(cluster, /./);
});

it('a port that speaks HTTP', async () => {
  const port = await listen(createWebServer((_request, response) => response.end('hello')));
  await expectWhy(
    `redis://127.0.0.1:${port}`,
    /^what answers at its address does not speak the protocol of Redis: /,
  );
});

it('a certificate that nobody has signed', async () => {
  const front = await startTlsFront(server.port);
  onTestFinished(() => front.close());
  await expectWhy(
    `rediss://127.0.0.1:${front.port}`,
    /^its certificate is not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\): .*ca/,
  );
});

it('TLS to a port without it', async () => {
  await expectWhy(`rediss://127.0.0.1:${server.port}`, /ETIMEDOUT|EPROTO|ERR_SSL.*: .*redis:\/\//);
});

it('a port that wants TLS', async () => {
  const front = await startTlsFront(server.port);
  onTestFinished(() => front.close());
  await expectWhy(
    `redis://127.0.0.1:${front.port}`,
    /^it ends connections before it has said a word \(\w+\): .*rediss:\/\/|does not speak/,
  );
});

it('a server that takes no more connections', async () => {
  const full = await ownRedis();
  await full.client().config('SET', 'maxclients', '1');
  await expectWhy(full.url, /^it takes no more connections: raise its maxclients/);
});

it('a server that is further away than nodeTimeoutMs, with the time that was measured', async () => {
  const port = await listen(
    createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => {});
      near.on('data', (bytes) => setTimeout(() => far.write(bytes), NODE_TIMEOUT_MS + 11));
      far.pipe(near);
      near.on('close', () => far.destroy());
    }),
  );
  await expectWhy(
    `redis://127.0.0.1:${port}`,
    /^it is slow \(its newest reply came after (1[3-9]|[2-9]\d)\d ms, and nodeTimeoutMs is 120\): .*raise nodeTimeoutMs to/,
  );
});

it('a server that is frozen', async () => {
  const frozen = await ownRedis();
  frozen.pause();
  await expectWhy(frozen.url, /^it does not answer within 120 ms \(nodeTimeoutMs\): it is frozen/);
  frozen.resume();
});

it('a replica, which is asked again no more than once a second', async () => {
  const replica = await ownRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
  await expectWhy(replica.url, /^it is a replica, and only masters vote: give the address of its master$/);
});

it('a server that is full of keys, or keeps no promise, and votes all the same', async () => {
  const odd = await ownRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
  await odd.client().acl('SETUSER', 'quiet', 'on', '>quiet', '~*', '+@all', '-subscribe');
  const url = `redis://quiet:quiet@127.0.0.1:${odd.port}`;
  const namespace = newNamespace();
  const instance = openInstance({ inputs: [url], namespace });
  await until(() => instance.health()[0]?.warnings?.length === 2, 'both are told');
  expect(instance.health()[0]).toMatchObject({
    answering: true,
    warnings: [
      expect.stringContaining('maxmemory-policy allkeys-lru'),
      expect.stringContaining(`ACL SETUSER <user> +subscribe &{${namespace}}:presence:*`),
    ],
  });
});

it('a server that is gone, whatever was wrong with it before', async () => {
  const gone = await ownRedis();
  await gone.client().acl('SETUSER', 'weak', 'on', '>weak', '~*', '&*', '+@all', '-zcard', '-pexpire');
  const url = `redis://weak:weak@127.0.0.1:${gone.port}`;
  const instance = openInstance({ inputs: [url], namespace: newNamespace() });
  await until(() => instance.health()[0]?.problem === 'DSCHED_UNSUPPORTED_STORE', 'a right is missing');
  expect(instance.health()[0]?.why).toBe(
    'its user may not call PEXPIRE and ZCARD: ACL SETUSER <user> +pexpire +zcard',
  );
  await gone.kill();
  await until(() => instance.health()[0]?.why?.includes('ECONNREFUSED') === true, 'nobody listens');
  expect(instance.health()[0]).not.toHaveProperty('problem');
});

it('and nothing of a server that votes', async () => {
  const instance = openInstance({ inputs: [server.url], namespace: newNamespace() });
  await until(() => instance.health()[0]?.answering === true, 'it answers');
  expect(instance.health()[0]).not.toHaveProperty('why');
});
