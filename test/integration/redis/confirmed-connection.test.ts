/** Nothing of ours is sent before the server has confirmed the database and the user on that very connection. */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { BUSY_AT_ONCE, makeBusy } from '../../support/busy-server.js';
import {
  closeInstances,
  type Instance,
  newNamespace,
  nodeOf,
  openInstance,
  startInstance,
  until,
} from '../../support/redis-instances.js';
import { startSentinel } from '../../support/redis-sentinel.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const SECRET = 'geheim-4b7e';
const servers: RedisServer[] = [];

afterEach(async () => {
  await closeInstances();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedis({ args: [...BUSY_AT_ONCE, ...args] });
  servers.push(server);
  return server;
}

/** What the only node of an instance says against itself; by then it has refused to be asked anything. */
async function problemOf(instance: Instance, code: string): Promise<string> {
  await until(() => instance.problems.length > 0, 'the problem is told');
  const [problem = ''] = instance.problems;
  expect(problem).toContain(`${code}: node 1 gives no vote: `);
  expect(problem).not.toMatch(/127\.0\.0\.1|geheim|undefined|nil/);
  expect(await nodeOf(instance).peek(['a'])).toEqual({ answered: false, reason: code });
  expect(await instance.boards[0]?.exchange([], { memory: '', sequence: 0 })).toEqual({
    answered: false,
    reason: code,
  });
  expect((await instance.locks.tryAcquire(['a'], 300))[0]).toMatchObject({ kind: 'no_quorum' });
  expect(instance.health()).toMatchObject([
    { label: 'node 1', answering: false, presence: false, problem: code },
  ]);
  return problem;
}

/** The namespace's keys by database, and its channels under -1. */
async function tracesOf(server: RedisServer, namespace: string): Promise<readonly number[]> {
  const client = server.client();
  const channels = (await client.pubsub('CHANNELS', `*${namespace}*`)) as string[];
  const traces = channels.length > 0 ? [-1] : [];
  for (const line of (await client.info('keyspace')).matchAll(/^db(\d+):/gm)) {
    await client.select(Number(line[1]));
    if ((await client.keys(`{${namespace}}*`)).length > 0) traces.push(Number(line[1]));
  }
  return traces;
}

async function answers(instance: Instance): Promise<void> {
  await until(async () => {
    await nodeOf(instance).peek(['a']);
    return instance.health().every(({ answering, presence }) => answering && presence);
  }, 'it answers');
  expect(instance.health()[0]).not.toHaveProperty('problem');
}

describe('a database', () => {
  it('that is refused because a script keeps the server busy gives no vote, and does once it has ended', async () => {
    const server = await start();
    const namespace = newNamespace();
    const end = await makeBusy(server);
    const instance = openInstance({ inputs: [`${server.url}/2`], namespace });
    const problem = await problemOf(instance, 'DSCHED_DATABASE_REFUSED');
    expect(problem).toContain('it refuses database 2 (BUSY): ');
    expect(problem).toContain('SCRIPT KILL');
    await end();
    await answers(instance);
    expect(instance.problems).toHaveLength(1);
    expect(await tracesOf(server, namespace)).toEqual([-1, 2]);
  });

  it('number 0 is confirmed as well', async () => {
    const server = await start();
    const namespace = newNamespace();
    const end = await makeBusy(server);
    const instance = openInstance({ inputs: [server.url], namespace });
    expect(await problemOf(instance, 'DSCHED_DATABASE_REFUSED')).toContain('it refuses database 0 (BUSY): ');
    await end();
    await answers(instance);
    expect(await tracesOf(server, namespace)).toEqual([-1, 0]);
  });

  it.each([
    { databases: 16, asked: 99 },
    { databases: 1, asked: 1 },
  ])('$asked that a server with $databases lacks gives no vote', async ({ databases, asked }) => {
    const server = await start('--databases', String(databases));
    const namespace = newNamespace();
    const instance = openInstance({ inputs: [`${server.url}/${asked}`], namespace });
    const problem = await problemOf(instance, 'DSCHED_DATABASE_REFUSED');
    expect(problem).toContain(`it refuses database ${asked} (ERR): `);
    expect(problem).toContain('CONFIG GET databases');
    expect(await tracesOf(server, namespace)).toEqual([]);
  });

  it('that a user may not select gives no vote, and does once the right is given', async () => {
    const server = await start();
    const namespace = newNamespace();
    const client = server.client();
    await client.acl('SETUSER', 'weak', 'on', `>${SECRET}`, '~*', '&*', '+@all', '-select');
    const url = `redis://weak:${SECRET}@127.0.0.1:${server.port}`;
    const [zero, two] = [url, `${url}/2`].map((input) => openInstance({ inputs: [input], namespace }));
    for (const instance of [zero, two]) {
      if (instance === undefined) throw new Error('no instance');
      const problem = await problemOf(instance, 'DSCHED_DATABASE_REFUSED');
      expect(problem).toContain('(NOPERM): ');
      expect(problem).toContain('+select');
    }
    expect(await tracesOf(server, namespace)).toEqual([]);
    await client.acl('SETUSER', 'weak', '+select');
    if (two !== undefined) await answers(two);
    expect(await tracesOf(server, namespace)).toEqual([-1, 2]);
  });

  it('other than 0 of one node in cluster mode gives no vote', async () => {
    const server = await startRedis({ cluster: true });
    servers.push(server);
    const instance = openInstance({ inputs: [`${server.url}/1`], namespace: newNamespace() });
    expect(await problemOf(instance, 'DSCHED_DATABASE_REFUSED')).toContain('it refuses database 1 (ERR): ');
  });

  it('is confirmed anew on each connection', async () => {
    const server = await start();
    const namespace = newNamespace();
    const instance = await startInstance({ inputs: [`${server.url}/2`], namespace });
    const client = server.client();
    await client.acl('SETUSER', 'default', '-select');
    for (const type of ['normal', 'pubsub'])
      await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    expect(await problemOf(instance, 'DSCHED_DATABASE_REFUSED')).toContain(
      'it refuses database 2 (NOPERM): ',
    );
    await client.acl('SETUSER', 'default', '+select');
    await answers(instance);
    expect(await tracesOf(server, namespace)).toEqual([-1, 2]);
  });
});

describe('a user', () => {
  const nodes: readonly [string, RedisOptions][] = [
    ['a wrong password', { password: `${SECRET}-wrong` }],
    ['no password', {}],
    ['a user that is not there', { username: 'nobody', password: SECRET }],
    ['a wrong password and another protocol', { password: `${SECRET}-wrong`, protocol: 2 }],
    ['no password and another protocol', { protocol: 2 }],
  ];

  it.each(nodes)('is refused with %s', async (_, options) => {
    const server = await startRedis({ password: SECRET });
    servers.push(server);
    const namespace = newNamespace();
    const instance = openInstance({ inputs: [{ port: server.port, ...options }], namespace });
    const problem = await problemOf(instance, 'DSCHED_CREDENTIALS_REFUSED');
    expect(problem).toMatch(/it refuses the (user|password)|it asks for a password/);
    expect(await tracesOf(server, namespace)).toEqual([]);
    expect(instance.problems).toHaveLength(1);
  });

  it.each<RedisOptions>([{ password: SECRET }, { password: SECRET, protocol: 2 }])(
    'is refused with a password by a server that has none: %o',
    async (options) => {
      const server = await start();
      const namespace = newNamespace();
      const instance = openInstance({ inputs: [{ port: server.port, ...options }], namespace });
      expect(await problemOf(instance, 'DSCHED_CREDENTIALS_REFUSED')).toContain('has no password');
      expect(await tracesOf(server, namespace)).toEqual([]);
      await server.client().config('SET', 'requirepass', SECRET);
      await answers(instance);
    },
  );
});

describe('whoever opens the connection', () => {
  it('a client of the caller is confirmed as an URL is', async () => {
    const server = await start();
    const namespace = newNamespace();
    const client = new Redis({ port: server.port, db: 2, lazyConnect: true });
    const end = await makeBusy(server);
    const instance = openInstance({ inputs: [client], namespace });
    await problemOf(instance, 'DSCHED_DATABASE_REFUSED');
    await end();
    await answers(instance);
    expect(await tracesOf(server, namespace)).toEqual([-1, 2]);
    expect(client.status).toBe('wait');
  });

  it('a master behind Sentinel is confirmed too', async () => {
    const master = await start();
    const sentinel = await startSentinel({ masterName: 'main', masterPort: master.port });
    servers.push(sentinel);
    const namespace = newNamespace();
    const behind = (db: number): Instance =>
      openInstance({ inputs: [{ sentinels: [{ port: sentinel.port }], name: 'main', db }], namespace });
    const refused = behind(99);
    expect(await problemOf(refused, 'DSCHED_DATABASE_REFUSED')).toContain('database 99 (ERR)');
    await refused.close();
    await answers(behind(2));
    expect(await tracesOf(master, namespace)).toEqual([-1, 2]);
  });

  it('a password that rotates is read anew: from a getter, and from a client whose options are changed', async () => {
    const server = await startRedis({ password: SECRET });
    servers.push(server);
    let password = SECRET;
    const options = {
      port: server.port,
      get password() {
        return password;
      },
    };
    const client = new Redis({ port: server.port, password, lazyConnect: true });
    const [one, two] = [options, client].map((input) =>
      openInstance({ inputs: [input], namespace: newNamespace() }),
    );
    if (one === undefined || two === undefined) throw new Error('no instances');
    await answers(one);
    await answers(two);
    const admin = server.client();
    password = `${SECRET}-new`;
    client.options.password = password;
    await admin.config('SET', 'requirepass', password);
    for (const type of ['normal', 'pubsub'])
      await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await answers(one);
    await answers(two);
    expect([...one.problems, ...two.problems]).toEqual([]);
  });

  it.each([2, 3])('a server without AUTH confirms the user by HELLO, in protocol %i', async (protocol) => {
    const server = await start('--rename-command', 'AUTH', 'hidden');
    const namespace = newNamespace();
    await server.client().acl('SETUSER', 'shop', 'on', `>${SECRET}`, '~*', '&*', '+@all');
    const given = { port: server.port, username: 'shop', protocol };
    const instance = openInstance({ inputs: [{ ...given, password: SECRET } as RedisOptions], namespace });
    // ioredis logs in with AUTH itself in protocol 2, so that only protocol 3 has a way in.
    if (protocol === 3) await answers(instance);
    else await until(async () => !(await nodeOf(instance).peek(['a'])).answered, 'it gives no vote');
    expect(await tracesOf(server, namespace)).toEqual(protocol === 3 ? [-1, 0] : []);
  });

  it('a Cluster whose nodes refuse the password says so', async () => {
    const server = await startRedis({ cluster: true });
    servers.push(server);
    await server.client().config('SET', 'requirepass', SECRET);
    const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }], {
      lazyConnect: true,
      redisOptions: { password: `${SECRET}-wrong` },
    });
    const instance = openInstance({ inputs: [cluster], namespace: newNamespace() });
    await problemOf(instance, 'DSCHED_CREDENTIALS_REFUSED');
    cluster.disconnect();
  });
});
