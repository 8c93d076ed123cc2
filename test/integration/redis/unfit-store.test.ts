/** A server that lacks what the scripts need gives no vote, writes nothing, and is told of with what to do. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { SCRIPT_COMMANDS } from '#src/redis/node/needed-rights.js';
import {
  answerOf,
  askFor,
  beatOf,
  claimOf,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  openInstance,
  until,
} from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedis, sharedRedis } from '../../support/shared-servers.js';

const SECRET = 'geheim-9c2d';
const NO_VOTE = { answered: false, reason: 'DSCHED_UNSUPPORTED_STORE' };
const server = sharedRedis();
let namespace: string;

beforeEach(() => {
  namespace = newNamespace();
});

/** What the only node of an instance with this address says against itself, after it was asked for everything. */
async function problemOf(url: string, store: RedisServer = server): Promise<string> {
  const instance = openInstance({ inputs: [url], namespace });
  await until(() => instance.problems.length > 0, 'the problem is told');
  const node = nodeOf(instance);
  expect(await askFor(instance, claimOf('a', await nodeTimeMs(store), 'one'))).toEqual(NO_VOTE);
  expect(await node.giveBack([claimOf('a', 1, 'one')])).toEqual(NO_VOTE);
  expect(await node.peek(['a'])).toEqual(NO_VOTE);
  expect(await beatOf(instance, ['a'])).toEqual(NO_VOTE);
  expect((await instance.locks.tryAcquire(['a'], 300))[0]).toMatchObject({ kind: 'no_quorum' });
  expect(await store.client().keys(`{${namespace}}*`)).toEqual([]);
  expect(instance.problems).toHaveLength(1);
  const [problem = ''] = instance.problems;
  expect(problem).toMatch(/^DSCHED_UNSUPPORTED_STORE: node 1 gives no vote: /);
  expect(problem).not.toMatch(/127\.0\.0\.1|geheim|undefined|nil/);
  return problem;
}

/** The url of a user who may do everything but this. */
async function userWithout(...rights: readonly string[]): Promise<string> {
  const name = `without-${rights.join('').replace(/\W/g, '')}`;
  await server.client().acl('SETUSER', name, 'on', `>${SECRET}`, '~*', '&*', '+@all', ...rights);
  return `redis://${name}:${SECRET}@127.0.0.1:${server.port}`;
}

describe('a user who may not', () => {
  it.each([
    { rights: ['-info'], says: 'may not call INFO: ACL SETUSER <user> +info' },
    { rights: ['-pubsub'], says: 'may not call PUBSUB: ACL SETUSER <user> +pubsub|numsub' },
    { rights: ['-info', '-pubsub'], says: 'may not call INFO and PUBSUB: ' },
    { rights: ['-hdel', '-zcard'], says: 'may not call HDEL and ZCARD: ' },
    { rights: ['-time'], says: 'asks for TIME (' },
    { rights: ['-evalsha', '-eval'], says: '(NOPERM)' },
    ...Object.keys(SCRIPT_COMMANDS)
      .filter((command) => command !== 'TIME')
      .map((command) => ({ rights: [`-${command.toLowerCase()}`], says: `may not call ${command}: ` })),
  ])('call $rights gets no vote and is told so', async ({ rights, says }) => {
    const problem = await problemOf(await userWithout(...rights));
    expect(problem).toContain(says);
    expect(problem).toContain(': ACL SETUSER <user> ');
  });
});

describe('a server', () => {
  it('whose PUBSUB is renamed gives no vote', async () => {
    const renamed = await ownRedis({ args: ['--rename-command', 'PUBSUB', 'hidden'] });
    try {
      expect(await problemOf(renamed.url, renamed)).toContain('it does not know PUBSUB: rename no commands');
    } finally {
    }
  });

  it.each([
    { field: 'run_id', instead: '', says: 'its INFO shows no run_id, so a loss of memory would go unseen' },
    { field: 'master_replid', instead: '', says: 'its INFO shows no master_replid, so' },
    { field: 'redis_version', instead: '', says: 'version unknown; 6.2 or newer is needed' },
    { field: 'redis_version', instead: '6.0.16', says: 'version 6.0.16; 6.2 or newer is needed' },
  ])('that shows "$instead" as its $field gives no vote', async ({ field, instead, says }) => {
    const proxy = await Edited.start(server, field, instead);
    try {
      expect(await problemOf(proxy.url)).toContain(says);
    } finally {
      await proxy.stop();
    }
  });

  it('that shows it all votes through the same proxy', async () => {
    const proxy = await Edited.start(server, 'tcp_port', 'nothing that anybody asks for');
    const instance = openInstance({ inputs: [proxy.url], namespace });
    await until(() => instance.health().every(({ answering }) => answering), 'the node answers');
    expect(answerOf(await nodeOf(instance).peek(['a']))).toMatchObject([{ tick: 0 }]);
    await proxy.stop();
  });
});

/** Another address of a server, whose replies show one field of INFO with another value. */
class Edited {
  private readonly sockets = new Set<Socket>();
  private readonly listener: Server;

  private constructor(port: number, hidden: string, instead: string) {
    const [find, replace] = [hidden, instead].map((text) => `$${text.length}\r\n${text}\r\n`);
    this.listener = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => {});
      }
      near.pipe(far);
      far.on('data', (data) =>
        near.write(data.toString('latin1').replace(find ?? '', replace ?? ''), 'latin1'),
      );
      far.on('close', () => near.destroy());
      near.on('close', () => far.destroy());
    });
  }

  static async start(server: RedisServer, field: string, instead: string): Promise<Edited> {
    const info = await server.client().info();
    const value = new RegExp(`^${field}:(\\S+)`, 'm').exec(info)?.[1];
    if (value === undefined) throw new Error(`INFO shows no ${field}`);
    const proxy = new Edited(server.port, value, instead);
    await new Promise<void>((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}
