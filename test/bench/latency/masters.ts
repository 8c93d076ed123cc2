/** The Redis masters of one measurement, each as far away as is wanted. */

import { Redis } from 'ioredis';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

export interface Masters {
  /** As the contestants reach them, by the round trips that were asked for. */
  readonly urls: readonly string[];
  /** Straight to the servers, for counters. */
  readonly clients: readonly Redis[];
  stop(): Promise<void>;
}

/** @param text ms of each master, such as `1,1,100` */
export function requireRoundTrips(text: string): readonly number[] {
  return text.split(',').map((one) => {
    if (!/^\d+(\.\d+)?$/.test(one)) throw new Error(`'${one}' is no round trip: write ms, such as 1,1,100`);
    return Number(one);
  });
}

/** @param roundTripsMs by master; 0, or none, is loopback as it is */
export async function startMasters(count: number, roundTripsMs: readonly number[]): Promise<Masters> {
  const servers = await Promise.all(Array.from({ length: count }, (): Promise<RedisServer> => startRedis()));
  const clients = servers.map(({ url }) => new Redis(url));
  const isFar = roundTripsMs.some((ms) => ms > 0);
  const proxies = isFar ? ProxyHost.open() : undefined;
  const urls = await Promise.all(
    servers.map(async ({ url }, index) => {
      const roundTripMs = roundTripsMs[index] ?? 0;
      if (proxies === undefined || roundTripMs <= 0) return url;
      const link = await proxies.link(url);
      const half = { delayMs: roundTripMs / 2 };
      await link.set({ requests: half, replies: half });
      return link.url;
    }),
  );
  return {
    urls,
    clients,
    stop: async () => {
      for (const client of clients) client.disconnect();
      await proxies?.close();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
