/**
 * A master that fails over: master, standby and three sentinels that agree by two. All of them, and the clients that
 * ask the sentinels, reach the first master through a proxy. So it can be cut off from them and still serve whoever
 * knows its own port: a split brain.
 */

import { type RedisServer, startRedis, startSentinel } from '../redis-server.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { infoField, probe, refusalOf } from './redis-probe.js';
import { ProxyHost, type ProxyLink } from './tcp-proxy.js';

const NAME = 'main';
const SENTINELS = 3;
const QUORUM = 2;
/** Without the wait for further replicas that a server makes by default (5 s). */
const REPLICATION = ['--repl-diskless-sync-delay', '0'];
const PROMOTED_WITHIN_MS = 20_000;
// A sentinel looks on for 8 s before it tells a returned master that it is one no more.
const DEMOTED_WITHIN_MS = 40_000;

export class SentinelScene {
  private constructor(
    /** Master at first. Its own port is the way past the proxy. */
    readonly master: RedisServer,
    readonly standby: RedisServer,
    readonly sentinels: readonly RedisServer[],
    /** The way to the master for everybody who asks the sentinels. */
    readonly link: ProxyLink,
    private readonly host: ProxyHost,
  ) {}

  static async open(args: readonly string[] = []): Promise<SentinelScene> {
    const host = ProxyHost.open();
    const master = await startRedis({ args: [...REPLICATION, ...args] });
    const link = await host.link(master.url);
    const standby = await startRedis({
      args: [...REPLICATION, ...args, '--replicaof', '127.0.0.1', String(link.port)],
    });
    await eventually('the standby follows', async () => {
      return (await infoField(standby, 'master_link_status')) === 'up';
    });
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () =>
        startSentinel({ masterName: NAME, masterPort: link.port, quorum: QUORUM }),
      ),
    );
    const scene = new SentinelScene(master, standby, sentinels, link, host);
    await eventually('the sentinels know each other and the standby', () => scene.isComplete(), 20_000);
    return scene;
  }

  /** As the `redis` option of the module, or options of ioredis. */
  get input(): { readonly sentinels: { host: string; port: number }[]; readonly name: string } {
    return { sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: NAME };
  }

  async close(): Promise<void> {
    await Promise.all([...this.sentinels, this.standby, this.master].map((server) => server.stop()));
    await this.host.close();
  }

  /** Resolves to the time it took until the standby is master and every sentinel names it. */
  async untilPromoted(): Promise<number> {
    const startedMs = performance.now();
    await eventually(
      'the standby is promoted',
      async () => {
        if ((await infoField(this.standby, 'role')) !== 'master') return false;
        const ports = await Promise.all(this.sentinels.map(masterPortBy));
        return ports.every((port) => port === this.standby.port);
      },
      PROMOTED_WITHIN_MS,
    );
    return Math.round(performance.now() - startedMs);
  }

  /** The first master has become a replica of the standby: what it alone had accepted is gone. */
  async untilDemoted(): Promise<void> {
    await eventually(
      'the old master follows the new one',
      async () =>
        (await infoField(this.master, 'role')) === 'slave' &&
        (await infoField(this.master, 'master_link_status')) === 'up',
      DEMOTED_WITHIN_MS,
    );
  }

  private async isComplete(): Promise<boolean> {
    const views = await Promise.all(
      this.sentinels.map((sentinel) => probe(sentinel, (client) => client.call('SENTINEL', 'MASTER', NAME))),
    );
    return views.every((view) => {
      const fields = (view as unknown[]).map(String);
      const numberOf = (field: string): number => Number(fields[fields.indexOf(field) + 1]);
      return numberOf('num-slaves') === 1 && numberOf('num-other-sentinels') === SENTINELS - 1;
    });
  }
}

/** The master dies; healing brings it back as a replica. A scene fails over once: take a new one for the next. */
export function masterKilled(scene: SentinelScene): Fault {
  return faultOf({
    name: 'Sentinel master killed',
    strike: async () => {
      await scene.master.kill();
      return `promoted ${await scene.untilPromoted()} ms after the master's death`;
    },
    heal: async () => {
      await scene.master.start();
      await scene.untilDemoted();
    },
  });
}

/** SENTINEL FAILOVER, as before maintenance. The old master takes writes of its clients until it is told. */
export function failoverForced(scene: SentinelScene): Fault {
  return faultOf({
    name: 'Sentinel failover forced',
    strike: async () => {
      const [sentinel] = scene.sentinels;
      if (sentinel === undefined) throw new Error('no sentinel');
      await probe(sentinel, (client) => client.call('SENTINEL', 'FAILOVER', NAME));
      return `promoted ${await scene.untilPromoted()} ms after the command`;
    },
    heal: () => scene.untilDemoted(),
  });
}

/** The master is cut off from everybody but those who connect to its own port: both take writes. */
export function splitBrain(scene: SentinelScene): Fault {
  return faultOf({
    name: 'Sentinel split brain',
    strike: async () => {
      await scene.link.set({ requests: { hold: true }, replies: { hold: true } });
      const tookMs = await scene.untilPromoted();
      for (const server of [scene.master, scene.standby]) {
        const word = await refusalOf(server, 'SET', 'fault-probe', '1', 'PX', '1');
        if (word !== undefined) throw new Error(`redis ${server.port} refuses a write: ${word}`);
      }
      return `promoted ${tookMs} ms after the cut, and both masters take writes`;
    },
    heal: async () => {
      await scene.link.set({});
      await scene.untilDemoted();
    },
  });
}

async function masterPortBy(sentinel: RedisServer): Promise<number> {
  const address = await probe(sentinel, (client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME));
  return Number((address as unknown[])[1]);
}
