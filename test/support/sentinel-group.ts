/** A master with standbys, watched by one sentinel: what a store that fails over looks like. */

import type { Redis } from 'ioredis';
import { type RedisServer, startRedis, startSentinel } from './redis-server.js';

export const MASTER_NAME = 'main';

const POLL_EVERY_MS = 5;
const WITHIN_MS = 20_000;
const QUICK_SYNC = ['--repl-diskless-sync-delay', '0'];

export interface SentinelGroupOptions {
  readonly standbys: number;
  /** Of the master and the standbys. */
  readonly args?: readonly string[];
  /** The port by which sentinel and standbys know the master: its own, or that of a proxy in front of it. */
  readonly portOf?: (master: RedisServer) => Promise<number>;
}

export class SentinelGroup {
  private constructor(
    readonly master: RedisServer,
    readonly standbys: readonly RedisServer[],
    readonly sentinel: RedisServer,
    /** The port by which sentinel and standbys know the master. */
    readonly masterPort: number,
  ) {}

  static async open({ standbys, args = [], portOf }: SentinelGroupOptions): Promise<SentinelGroup> {
    const all = [...QUICK_SYNC, ...args];
    const master = await startRedis({ args: all });
    const masterPort = (await portOf?.(master)) ?? master.port;
    const followers = await Promise.all(
      Array.from({ length: standbys }, () =>
        startRedis({ args: [...all, '--replicaof', '127.0.0.1', String(masterPort)] }),
      ),
    );
    for (const follower of followers) await untilInfo(follower.client(), 'master_link_status:up');
    const sentinel = await startSentinel({ masterName: MASTER_NAME, masterPort });
    const group = new SentinelGroup(master, followers, sentinel, masterPort);
    await group.untilKnown();
    return group;
  }

  /** As ioredis takes it. */
  get input(): { sentinels: { host: string; port: number }[]; name: string } {
    return { sentinels: [{ host: '127.0.0.1', port: this.sentinel.port }], name: MASTER_NAME };
  }

  /** Resolves to the standby that has become master. */
  async promoted(): Promise<RedisServer> {
    return await Promise.any(
      this.standbys.map(async (standby) => {
        await untilInfo(standby.client(), 'role:master');
        return standby;
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.sentinel, this.master, ...this.standbys].map((server) => server.stop()));
  }

  /** A sentinel that does not know a standby could not promote it. */
  private async untilKnown(): Promise<void> {
    const client = this.sentinel.client();
    await until('the sentinel knows the standbys', async () => {
      const known = JSON.stringify(await client.call('SENTINEL', 'REPLICAS', MASTER_NAME));
      return this.standbys.every(({ port }) => known.includes(`"${port}"`));
    });
  }
}

function untilInfo(client: Redis, text: string): Promise<void> {
  return until(text, async () => (await client.info('replication')).includes(text));
}

async function until(what: string, isMet: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (!(await isMet())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}
