/** A name that comes to mean another server while the old one lives on, as by DNS, a virtual IP or a Service. */

import type { RedisServer } from '../redis-server.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { infoField } from './redis-probe.js';
import type { ProxyLink } from './tcp-proxy.js';

const MAX_RESETS = 3;
const MADE_WITHIN_MS = 500;

export interface Swap {
  /** Every way to the node. */
  readonly links: readonly ProxyLink[];
  /** Those of them whose connections end, so that they are led to the other server at once. */
  readonly moved: readonly ProxyLink[];
  readonly to: RedisServer;
}

export function endpointSwapped({ links, moved, to }: Swap): Fault {
  return faultOf({
    name: `name led to redis ${to.port}`,
    strike: async () => {
      await Promise.all(links.map((link) => link.aim(to.url)));
      const staying = links.filter((link) => !moved.includes(link));
      await endFormer(moved);
      await eventually('the moved are at the other server', () => leadsOnlyTo(moved));
      const [former] = await Promise.all([formerConnections(staying), requireClients(to)]);
      if (staying.length > 0 && former === 0) throw new Error('nobody is left at the old server');
      return `${moved.length} link(s) lead to redis ${to.port}, ${former} connections stay at the old server`;
    },
    heal: async () => {
      await Promise.all(links.map((link) => link.aim(link.targetUrl)));
      // Whoever came to the other server meanwhile goes back as well.
      const away = await Promise.all(
        links.map(async (link) => (await link.counters()).formerConnections > 0),
      );
      await Promise.all(links.filter((_, index) => away[index]).map((link) => link.reset()));
      await eventually('all are back', () => leadsOnlyTo(links));
    },
  });
}

/** A connection that was just being made when the others ended still leads to the old server: it ends a moment later. */
async function endFormer(links: readonly ProxyLink[]): Promise<void> {
  for (let times = 0; times < MAX_RESETS; times += 1) {
    await Promise.all(links.map((link) => link.reset()));
    const isDone = eventually('they end', () => leadsOnlyTo(links), MADE_WITHIN_MS).then(
      () => true,
      () => false,
    );
    if (await isDone) return;
  }
}

/** A link that nobody uses just now leads nowhere else either. */
async function leadsOnlyTo(links: readonly ProxyLink[]): Promise<boolean> {
  const counters = await Promise.all(links.map((link) => link.counters()));
  if (counters.every(({ formerConnections }) => formerConnections === 0)) return true;
  const shown = counters.map(
    ({ formerConnections, connections }) => `${formerConnections} of ${connections}`,
  );
  throw new Error(`at another server, by link: ${shown.join(', ')}`);
}

async function formerConnections(links: readonly ProxyLink[]): Promise<number> {
  const counters = await Promise.all(links.map((link) => link.counters()));
  return counters.reduce((sum, one) => sum + one.formerConnections, 0);
}

async function requireClients(server: RedisServer): Promise<void> {
  await eventually(
    `clients at redis ${server.port}`,
    // The one that asks is one of them.
    async () => Number(await infoField(server, 'connected_clients')) > 1,
  );
}
