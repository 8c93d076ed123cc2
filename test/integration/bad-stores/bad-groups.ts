/** Sentinels and Clusters, and clients of the caller. */

import { Cluster, Redis } from 'ioredis';
import { startSentinel } from '../../support/redis-sentinel.js';
import { type BadStore, freePort, SECRET, type Shelf } from './bad-store.js';

async function sentinelOf(shelf: Shelf, masterPort: number): Promise<number> {
  const sentinel = await startSentinel({ masterName: 'main', masterPort, args: [] });
  shelf.later(() => sentinel.stop());
  return sentinel.port;
}

function clusterAt(shelf: Shelf, port: number, redisOptions: object = {}): Cluster {
  const cluster = new Cluster([{ host: '127.0.0.1', port }], { lazyConnect: true, redisOptions });
  cluster.on('error', () => {});
  shelf.later(() => cluster.disconnect());
  return cluster;
}

export const BAD_GROUPS: readonly BadStore[] = [
  {
    state: 'Sentinels that nobody runs',
    open: async () => {
      const port = await freePort();
      return { inputs: [{ sentinels: [{ host: '127.0.0.1', port }], name: 'main' }], targets: [port] };
    },
  },
  {
    state: 'a Sentinel that knows no master of that name',
    open: async (shelf) => {
      const port = await sentinelOf(shelf, (await shelf.server()).port);
      return { inputs: [{ sentinels: [{ host: '127.0.0.1', port }], name: 'other' }], targets: [port] };
    },
  },
  {
    state: 'a Sentinel whose master is gone',
    open: async (shelf) => {
      const master = await shelf.server();
      const port = await sentinelOf(shelf, master.port);
      await master.kill();
      return {
        inputs: [{ sentinels: [{ host: '127.0.0.1', port }], name: 'main' }],
        targets: [port, master.port],
      };
    },
  },
  {
    state: 'a wrong password behind a Sentinel',
    open: async (shelf) => {
      const master = await shelf.server({ password: SECRET });
      const port = await sentinelOf(shelf, master.port);
      return {
        inputs: [{ sentinels: [{ host: '127.0.0.1', port }], name: 'main', password: 'wrong' }],
        targets: [port, master.port],
      };
    },
  },
  {
    state: 'a Cluster of which no node is there',
    open: async (shelf) => {
      const port = await freePort();
      return { inputs: [clusterAt(shelf, port)], targets: [port] };
    },
  },
  {
    state: 'a Cluster that refuses the password',
    open: async (shelf) => {
      const server = await shelf.server({ cluster: true });
      await server.client().config('SET', 'requirepass', SECRET);
      return { inputs: [clusterAt(shelf, server.port, { password: 'wrong' })], targets: [server.port] };
    },
  },
  {
    state: 'a Cluster client for a server that is in none',
    open: async (shelf) => {
      const server = await shelf.server();
      return { inputs: [clusterAt(shelf, server.port)], targets: [server.port] };
    },
  },
  {
    state: "a client of the caller's with a wrong password",
    open: async (shelf) => {
      const server = await shelf.server({ password: SECRET });
      const client = new Redis({ port: server.port, password: 'wrong', lazyConnect: true });
      return { inputs: [client], targets: [server.port] };
    },
  },
];
