/**
 * A master that fails over: master, standby and three sentinels that agree by two. All of them, and the clients that
 * ask the sentinels, reach the first master through a proxy. So it can be cut off from them and still serve whoever
 * knows its own port: a split brain.
 */

import type { RedisServer } from '../redis-server.js';
import { MASTER_NAME, SentinelGroup } from '../sentinel-group.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { infoField, probe, refusalOf } from './redis-probe.js';
import { ProxyHost, type ProxyLink } from './tcp-proxy.js';

const SENTINELS = 3;
const PROMOTED_WITHIN_MS = 20_000;
// A sentinel looks on for 8 s before it tells a returned master that it is one no more.
const DEMOTED_WITHIN_MS = 40_000;

export class SentinelStage {
  /** Master at first. Its own port is the way past the proxy. */
  readonly master: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** As the `redis` option of the module, or options of ioredis. */
  readonly input: SentinelGroup['input'];

  private constructor(
    private readonly group: SentinelGroup,
    readonly standby: RedisServer,
    /** The way to the master for everybody who asks the sentinels. */
    readonly link: ProxyLink,
    private readonly host: ProxyHost,
  ) {
    this.master = group.master;
    this.sentinels = group.sentinels;
    this.input = group.input;
  }

  static async open(args: readonly string[] = []): Promise<SentinelStage> {
    const host = ProxyHost.open();
    const links: ProxyLink[] = [];
    const portOf = async (master: RedisServer): Promise<number> => {
      const link = await host.link(master.url);
      links.push(link);
      return link.port;
    };
    const group = await SentinelGroup.open({ standbys: 1, sentinels: SENTINELS, args, portOf });
    const [link] = links;
    const [standby] = group.standbys;
    if (link === undefined || standby === undefined) throw new Error('a stage without link or standby');
    return new SentinelStage(group, standby, link, host);
  }

  async close(): Promise<void> {
    await this.group.close();
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
}

/** The master dies; healing brings it back as a replica. A stage fails over once: take a new one for the next. */
export function masterKilled(stage: SentinelStage): Fault {
  return faultOf({
    name: 'Sentinel master killed',
    strike: async () => {
      await stage.master.kill();
      return `promoted ${await stage.untilPromoted()} ms after the master's death`;
    },
    heal: async () => {
      await stage.master.start();
      await stage.untilDemoted();
    },
  });
}

/** SENTINEL FAILOVER, as before maintenance. The old master takes writes of its clients until it is told. */
export function failoverForced(stage: SentinelStage): Fault {
  return faultOf({
    name: 'Sentinel failover forced',
    strike: async () => {
      const [sentinel] = stage.sentinels;
      if (sentinel === undefined) throw new Error('no sentinel');
      await probe(sentinel, (client) => client.call('SENTINEL', 'FAILOVER', MASTER_NAME));
      return `promoted ${await stage.untilPromoted()} ms after the command`;
    },
    heal: () => stage.untilDemoted(),
  });
}

/** The master is cut off from everybody but those who connect to its own port: both take writes. */
export function splitBrain(stage: SentinelStage): Fault {
  return faultOf({
    name: 'Sentinel split brain',
    strike: async () => {
      await stage.link.set({ requests: { hold: true }, replies: { hold: true } });
      const tookMs = await stage.untilPromoted();
      for (const server of [stage.master, stage.standby]) {
        const word = await refusalOf(server, 'SET', 'fault-probe', '1', 'PX', '1');
        if (word !== undefined) throw new Error(`redis ${server.port} refuses a write: ${word}`);
      }
      return `promoted ${tookMs} ms after the cut, and both masters take writes`;
    },
    heal: async () => {
      await stage.link.set({});
      await stage.untilDemoted();
    },
  });
}

async function masterPortBy(sentinel: RedisServer): Promise<number> {
  const address = await probe(sentinel, (client) =>
    client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME),
  );
  return Number((address as unknown[])[1]);
}
