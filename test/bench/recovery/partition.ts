/** The idle winner is cut off from all masters, in both directions and without a word to either side. */

import { fileURLToPath } from 'node:url';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import type { Replica } from '../../support/replica.js';
import { untilTime } from '../../support/stage.js';
import { Cluster } from './cluster.js';
import { between, type Failure, type Scene } from './failure.js';
import { ABOUT_IDLE, MAX_SILENCE_MS, strikeIdle } from './idle-winner.js';

const DETOUR = fileURLToPath(new URL('./detour.mjs', import.meta.url));
const REPLICAS = 3;
/** Nothing passes, and the sockets stay open; what was held arrives when it ends, as TCP brings it. */
const SILENCE = { requests: { hold: true }, replies: { hold: true } } as const;

const partitioned: Failure = {
  ...ABOUT_IDLE,
  name: 'idle winner partitioned from all masters',
  open: async (random): Promise<Scene> => {
    const proxies = ProxyHost.open();
    const linksOf = new Map<Replica, readonly ProxyLink[]>();
    const cluster = await Cluster.open(random, {
      env: { TASK_MS: '5' },
      replicas: 0,
      assemble: async ({ stage }) => {
        await Promise.all(
          Array.from({ length: REPLICAS }, async () => {
            const links = await Promise.all(stage.masters.map(({ url }) => proxies.link(url)));
            const detours = links.map(({ port, targetUrl }) => `${new URL(targetUrl).port}:${port}`);
            const replica = await stage.join({
              NODE_OPTIONS: `--import=${DETOUR}`,
              DETOURS: detours.join(','),
            });
            linksOf.set(replica, links);
          }),
        );
      },
    });
    const setAll = (replica: Replica, rules: Parameters<ProxyLink['set']>[0]): Promise<unknown> =>
      Promise.all((linksOf.get(replica) ?? []).map((link) => link.set(rules)));
    return {
      strike: () =>
        strikeIdle(cluster, async (winner) => {
          await setAll(winner, SILENCE);
          return async () => {
            await untilTime(Date.now() + between(cluster.random, 0, MAX_SILENCE_MS));
            await setAll(winner, {});
            await cluster.untilSettled();
          };
        }),
      account: () => cluster.account(),
      close: async () => {
        await cluster.stage.close();
        await proxies.close();
      },
    };
  },
};

export const PARTITION: readonly Failure[] = [partitioned];
