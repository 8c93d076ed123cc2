/** Connections that are made while another application's slow script keeps the server: their SELECT is refused. */

import type { RedisServer } from '../redis-server.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { refusalOf } from './redis-probe.js';
import { busyScript } from './redis-stall-faults.js';
import type { ProxyLink } from './tcp-proxy.js';

/** The links are those whose connections end, so that they are made anew while the server is busy. */
export function selectRefused(server: RedisServer, links: readonly ProxyLink[]): Fault {
  const busy = busyScript(server);
  return faultOf({
    name: `redis ${server.port} refuses SELECT`,
    strike: async () => {
      await busy.strike();
      const word = await refusalOf(server, 'SELECT', '0');
      if (word !== 'BUSY') throw new Error(`SELECT: ${word ?? 'done'}`);
      const before = await accepted(links);
      const reset = await Promise.all(links.map((link) => link.reset()));
      const again = async (): Promise<boolean> => (await accepted(links)) - before >= links.length;
      await eventually('the replicas connect anew', again);
      const count = reset.reduce((sum, one) => sum + one, 0);
      return `SELECT gets BUSY, ${count} connections ended, ${(await accepted(links)) - before} made meanwhile`;
    },
    heal: () => busy.heal(),
  });
}

async function accepted(links: readonly ProxyLink[]): Promise<number> {
  const counters = await Promise.all(links.map((link) => link.counters()));
  return counters.reduce((sum, one) => sum + one.accepted, 0);
}
