/** Three masters and three replicas on this machine, each replica with a link of its own to each master. */

import { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { OldDump } from '../../support/faults/redis-crash-faults.js';
import { TinyDisk } from '../../support/faults/redis-disk-faults.js';
import { DEBUG_ARGS } from '../../support/faults/redis-stall-faults.js';
import { ReplicaClock } from '../../support/faults/replica-clock.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { Cast, type Slot } from './cast.js';
import { badInstanceHazards } from './hazards/bad-instance-hazards.js';
import { nodeClockHazards, replicaClockHazards } from './hazards/clock-hazards.js';
import { identityHazards } from './hazards/identity-hazards.js';
import { type Links, linkHazards } from './hazards/link-hazards.js';
import { REPLICA_HAZARDS } from './hazards/replica-hazards.js';
import { storeHazards } from './hazards/store-hazards.js';
import { rage } from './nemesis.js';
import type { Scene, SceneKind } from './scene.js';
import { firstRuns } from './witness.js';

const NODES = 3;
const SLOTS = 3;
/** Not 0, so that a connection whose SELECT was refused is somewhere else. */
const DATABASE = 2;

export const MASTERS: SceneKind = {
  name: 'masters',
  share: 8,
  unavailable: () => undefined,
  open,
  play: rage,
};

async function open(): Promise<Scene> {
  const shims = await all(NODES, () => ClockShim.build());
  const clocks = await all(SLOTS, () => ReplicaClock.build());
  const disk = TinyDisk.unavailable() === undefined ? TinyDisk.mount() : undefined;
  const nodes = await Promise.all(
    Array.from({ length: NODES }, (_, node) => {
      const args = [...DEBUG_ARGS, ...(node === NODES - 1 ? (disk?.args ?? []) : [])];
      const shim = shims?.[node];
      return startRedis({ args, database: DATABASE, ...(shim === undefined ? {} : { env: shim.env() }) });
    }),
  );
  // What a name may come to mean: for each node another server, so that none is ever two of them.
  const others = await Promise.all(nodes.map(() => startRedis({ database: DATABASE })));
  const proxy = ProxyHost.open();
  const links = await openLinks(proxy, nodes);
  const cast = new Cast(nodes, slotsOf(nodes, links, clocks));
  await cast.open();
  await firstRuns(cast.runFile);
  const oldDumps = await Promise.all(nodes.map((node) => OldDump.take(node)));
  return {
    name: MASTERS.name,
    cast,
    hazards: [
      ...REPLICA_HAZARDS,
      ...storeHazards({ oldDumps, disk }),
      ...linkHazards(links),
      ...identityHazards(links, others),
      ...badInstanceHazards(),
      ...replicaClockHazards(clocks),
      ...nodeClockHazards(shims),
    ],
    close: async () => {
      await cast.close();
      await Promise.all(others.map((other) => other.stop()));
      await proxy.close();
      disk?.unmount();
      for (const clock of [...(shims ?? []), ...(clocks ?? [])]) clock.close();
    },
  };
}

/** So many of them, or undefined where there are none to be had. */
async function all<Item>(
  count: number,
  build: () => Promise<Item | undefined>,
): Promise<readonly Item[] | undefined> {
  const items: Item[] = [];
  while (items.length < count) {
    const item = await build();
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function openLinks(proxy: ProxyHost, nodes: readonly RedisServer[]): Promise<Links> {
  return Promise.all(
    Array.from({ length: SLOTS }, () => Promise.all(nodes.map(({ url }) => proxy.link(url)))),
  );
}

/** All replicas name the nodes alike, as they must; which way they go is theirs. */
function slotsOf(
  nodes: readonly RedisServer[],
  links: Links,
  clocks: readonly ReplicaClock[] | undefined,
): readonly Slot[] {
  return links.map((ofSlot, index) => {
    const routes = Object.fromEntries(nodes.map(({ url }, node) => [new URL(url).host, ofSlot[node]?.port]));
    return {
      index,
      env: {
        ...clocks?.[index]?.env(),
        REDIS_NODES: nodes.map(({ url }) => url).join(','),
        CAMPAIGN_ROUTES: JSON.stringify(routes),
      },
    };
  });
}
