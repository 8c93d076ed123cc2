/** Servers that take the connection and the user, and cannot vote now, or should not. */

import { BUSY_AT_ONCE, makeBusy } from '../../support/busy-server.js';
import { removeFolder, temporaryFolder } from '../../support/leftovers.js';
import { newNamespace, until } from '../../support/redis-instances.js';
import type { RedisServer } from '../../support/redis-server.js';
import type { BadStore, Shelf } from './bad-store.js';

const FULL_SYNC = ['--repl-diskless-sync-delay', '0'] as const;

const configured = (state: string, ...args: readonly string[]): BadStore => ({
  state,
  open: async (shelf) => ({ inputs: [(await shelf.server({ args })).url] }),
});

async function replicaOf(shelf: Shelf, master: RedisServer): Promise<RedisServer> {
  const replica = await shelf.server({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  const client = replica.client();
  await until(async () => (await client.info('replication')).includes('master_link_status:up'), 'it follows');
  return replica;
}

/** Its folder is gone, and a save has failed: what `stop-writes-on-bgsave-error` makes of it. */
async function withoutDisk(shelf: Shelf): Promise<RedisServer> {
  const folder = temporaryFolder('gone');
  const server = await shelf.server({ args: ['--dir', folder, '--save', '3600 1'] });
  removeFolder(folder);
  const client = server.client();
  await client.bgsave();
  await until(
    async () => (await client.info('persistence')).includes('rdb_last_bgsave_status:err'),
    'it cannot save',
  );
  return server;
}

export const UNFIT_SERVERS: readonly BadStore[] = [
  {
    state: 'a replica',
    open: async (shelf) => {
      const replica = await replicaOf(shelf, await shelf.server({ args: FULL_SYNC }));
      return { inputs: [replica.url] };
    },
  },
  {
    state: 'the three servers of one replicated Redis as three nodes',
    open: async (shelf) => {
      const master = await shelf.server({ args: FULL_SYNC });
      const replicas = await Promise.all([replicaOf(shelf, master), replicaOf(shelf, master)]);
      return { inputs: [master, ...replicas].map(({ url }) => url), targets: [replicas[0].port] };
    },
  },
  {
    state: 'a master with a replica',
    open: async (shelf) => {
      const master = await shelf.server({ args: FULL_SYNC });
      await replicaOf(shelf, master);
      return { inputs: [master.url] };
    },
  },
  {
    state: 'a proxy that leads to the server of another node',
    open: async (shelf) => {
      const [first, second] = await Promise.all([shelf.server(), shelf.server()]);
      const port = await shelf.front(first.port);
      return { inputs: [first.url, second.url, `redis://127.0.0.1:${port}`], targets: [port] };
    },
  },
  configured('keys that may be evicted', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'),
  {
    state: 'a member of a Cluster by its own address',
    open: async (shelf) => ({ inputs: [(await shelf.server({ cluster: true })).url] }),
  },
  {
    state: 'a member of a Cluster that has other keys',
    open: async (shelf) => {
      const server = await shelf.server({ args: ['--cluster-enabled', 'yes'] });
      return { inputs: [server.url] };
    },
  },
  {
    state: "a server that somebody's script keeps busy",
    open: async (shelf) => {
      const server = await shelf.server({ args: BUSY_AT_ONCE });
      await makeBusy(server);
      return { inputs: [server.url] };
    },
  },
  {
    state: 'a server that loads its data',
    open: async (shelf) => {
      const master = await shelf.server({ args: FULL_SYNC });
      await master.client().eval('for i = 1, 40000 do redis.call("SET", "k" .. i, "v") end', 0);
      const loading = await shelf.server({
        args: ['--key-load-delay', '1500', '--loading-process-events-interval-bytes', '1024'],
      });
      const client = loading.client();
      await client.replicaof('127.0.0.1', master.port);
      await until(async () => (await client.info('persistence')).includes('\nloading:1'), 'it loads');
      return { inputs: [loading.url] };
    },
  },
  {
    state: 'no memory left',
    open: async (shelf) => {
      const server = await shelf.server({ args: ['--maxmemory-policy', 'noeviction'] });
      await server.client().config('SET', 'maxmemory', '1');
      return { inputs: [server.url] };
    },
  },
  {
    state: 'a disk that it cannot save to',
    open: async (shelf) => ({ inputs: [(await withoutDisk(shelf)).url] }),
  },
  configured('too few replicas for its min-replicas-to-write', '--min-replicas-to-write', '1'),
  {
    state: 'another version of this library has written there',
    open: async (shelf) => {
      const server = await shelf.shared();
      const namespace = newNamespace();
      await server.client().hset(`{${namespace}}:ledger`, 'version', '99', 'incarnation', 'a:b');
      return { inputs: [`redis://127.0.0.1:${await shelf.front(server.port)}`], namespace };
    },
  },
  {
    state: 'frozen (SIGSTOP)',
    open: async (shelf) => {
      const server = await shelf.server();
      return { inputs: [server.url], nodeTimeoutMs: 120, spoil: async () => server.pause() };
    },
  },
  {
    state: 'frozen before it was reached',
    open: async (shelf) => {
      const server = await shelf.server();
      server.pause();
      return { inputs: [server.url], nodeTimeoutMs: 120 };
    },
  },
];
