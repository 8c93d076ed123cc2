/** A master with standbys, watched by sentinels: what a store that fails over looks like. */

import { startSentinel } from './redis-sentinel.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { until } from './server-readiness.js';

export const MASTER_NAME = 'main';

const WITHIN_MS = 20_000;
/** Without the wait for further replicas that a server makes by default (5 s). */
const QUICK_SYNC = ['--repl-diskless-sync-delay', '0'];

export interface SentinelGroupOptions {
  readonly standbys: number;
  /** Default 1. A majority of them, which is also their quorum, replaces the master. */
  readonly sentinels?: number;
  /** Of the master and the standbys. */
  readonly args?: readonly string[];
  /** The port by which sentinels and standbys know the master: its own, or that of a proxy in front of it. */
  readonly portOf?: (master: RedisServer) => Promise<number>;
}

export class SentinelGroup {
  private constructor(
    /** At first. */
    readonly master: RedisServer,
    readonly standbys: readonly RedisServer[],
    readonly sentinels: readonly RedisServer[],
    /** The port by which sentinels and standbys know the master. */
    readonly masterPort: number,
  ) {}

  static async open({
    standbys,
    sentinels = 1,
    args = [],
    portOf,
  }: SentinelGroupOptions): Promise<SentinelGroup> {
    const all = [...QUICK_SYNC, ...args];
    const master = await startRedis({ args: all });
    const masterPort = (await portOf?.(master)) ?? master.port;
    const follow = ['--replicaof', '127.0.0.1', String(masterPort)];
    const followers = await times(standbys, () => startRedis({ args: [...all, ...follow] }));
    for (const follower of followers) await untilInfo(follower, 'master_link_status:up');
    const quorum = Math.floor(sentinels / 2) + 1;
    const watchers = await times(sentinels, () =>
      startSentinel({ masterName: MASTER_NAME, masterPort, quorum }),
    );
    const group = new SentinelGroup(master, followers, watchers, masterPort);
    await group.untilKnown();
    return group;
  }

  /** As ioredis takes it, and the `redis` option of the module. */
  get input(): { readonly sentinels: { host: string; port: number }[]; readonly name: string } {
    return { sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: MASTER_NAME };
  }

  /** Resolves to the standby that has become master. */
  async promoted(): Promise<RedisServer> {
    return await Promise.any(
      this.standbys.map(async (standby) => {
        await untilInfo(standby, 'role:master');
        return standby;
      }),
    );
  }

  async close(): Promise<void> {
    const all = [...this.sentinels, ...this.standbys, this.master];
    await Promise.all(all.map((server) => server.stop()));
  }

  /** A sentinel that knows too few others, or not the standbys, could promote nobody. */
  private async untilKnown(): Promise<void> {
    const clients = this.sentinels.map((sentinel) => sentinel.client());
    const isComplete = async (): Promise<boolean> => {
      const views = await Promise.all(
        clients.map((client) => client.call('SENTINEL', 'MASTER', MASTER_NAME)),
      );
      return views.every((view) => this.isAll(view as readonly unknown[]));
    };
    await until('the sentinels know each other and the standbys', isComplete, WITHIN_MS);
  }

  private isAll(view: readonly unknown[]): boolean {
    const numberOf = (field: string): number => Number(view[view.indexOf(field) + 1]);
    return (
      numberOf('num-slaves') === this.standbys.length &&
      numberOf('num-other-sentinels') === this.sentinels.length - 1
    );
  }
}

function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, make));
}

function untilInfo(server: RedisServer, text: string): Promise<void> {
  const client = server.client();
  return until(text, async () => (await client.info('replication')).includes(text), WITHIN_MS);
}
