/**
 * Two instances on the two sides of a cut, in this process, with real servers and sentinels. `near` is on the side of
 * the isolated master, `far` on the other. Who runs what comes from their handlers.
 */

import type { RedisOptions } from 'ioredis';
import type { DistributedScheduleOptions, TickReport } from 'nestjs-distributed-schedule';
import { connectorTo } from '../../support/faults/connector-to.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { SentinelGroup } from '../../support/sentinel-group.js';
import { startTaskApp, type TaskApp } from '../../support/task-app.js';

const HOST = '127.0.0.1';
/** Nothing passes in either direction, and the sockets stay open. */
const CUT = { requests: { hold: true }, replies: { hold: true } } as const;

export class Side {
  /** The ticks that its handler has run. */
  readonly ran: number[] = [];
  readonly reports: TickReport[] = [];
  private app: TaskApp | undefined;

  async start(options: DistributedScheduleOptions): Promise<void> {
    const observer = {
      observe: (event: { readonly type: string; readonly report?: TickReport }): void => {
        if (event.type === 'tick' && event.report !== undefined) this.reports.push(event.report);
      },
    };
    this.app = await startTaskApp({ ...options, observers: [observer] }, ({ tick }) => this.ran.push(tick));
  }

  /** How its ticks after that instant ended, each word once. */
  outcomesAfter(epochMs: number): string[] {
    return [...new Set(this.reports.filter(({ tick }) => tick > epochMs).map(({ outcome }) => outcome))];
  }

  async stop(): Promise<void> {
    await this.app?.close();
  }
}

export interface SplitScene {
  readonly near: Side;
  readonly far: Side;
  /** Cuts the near side off. Resolves to the instant at which that is in force. */
  isolate(): Promise<number>;
  close(): Promise<void>;
}

export function doubledTicks({ near, far }: SplitScene): number[] {
  return near.ran.filter((tick) => far.ran.includes(tick));
}

/**
 * A master with standbys behind a sentinel. Sentinel, standbys and the far instance reach the master through a link;
 * the near one reaches it directly, as a process on the same host or switch does. It does not ask the sentinel while
 * its connection to the master lives.
 */
export async function openSentinelSplit(
  standbys: number,
  args: readonly string[],
  options: DistributedScheduleOptions,
): Promise<SplitScene> {
  const proxies = ProxyHost.open();
  const links: ProxyLink[] = [];
  const portOf = async (master: RedisServer): Promise<number> => {
    const link = await proxies.link(master.url);
    links.push(link);
    return link.port;
  };
  const group = await SentinelGroup.open({ standbys, args, portOf });
  const natMap = { [`${HOST}:${group.masterPort}`]: { host: HOST, port: group.master.port } };
  const near = new Side();
  const far = new Side();
  await near.start({ ...options, redis: { ...group.input, natMap } });
  await far.start({ ...options, redis: group.input });
  return splitScene({ near, far, links, proxies, closeServers: () => group.close() });
}

/** Three masters of their own: the first on the near side, the others on the far side, and links across. */
export async function openPlainSplit(options: DistributedScheduleOptions): Promise<SplitScene> {
  const proxies = ProxyHost.open();
  const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const near = new Side();
  const far = new Side();
  const links: ProxyLink[] = [];
  const inputsOf = (side: Side): Promise<RedisOptions[]> =>
    Promise.all(
      masters.map(async ({ url, port }, index): Promise<RedisOptions> => {
        const isAcross = (index === 0) === (side === far);
        if (!isAcross) return { host: HOST, port };
        const link = await proxies.link(url);
        links.push(link);
        return { host: HOST, port, Connector: connectorTo(link.port) };
      }),
    );
  await near.start({ ...options, redis: await inputsOf(near) });
  await far.start({ ...options, redis: await inputsOf(far) });
  const closeServers = async (): Promise<void> => {
    await Promise.all(masters.map((master) => master.stop()));
  };
  return splitScene({ near, far, links, proxies, closeServers });
}

interface SplitParts {
  readonly near: Side;
  readonly far: Side;
  readonly links: readonly ProxyLink[];
  readonly proxies: ProxyHost;
  readonly closeServers: () => Promise<void>;
}

function splitScene({ near, far, links, proxies, closeServers }: SplitParts): SplitScene {
  return {
    near,
    far,
    isolate: async () => {
      await Promise.all(links.map((link) => link.set(CUT)));
      return Date.now();
    },
    close: async () => {
      await Promise.all(links.map((link) => link.set({})));
      await Promise.all([near.stop(), far.stop()]);
      await closeServers();
      await proxies.close();
    },
  };
}
