/** The same in a network of hosts: each replica and each master in a network namespace, and the kernel does the TCP. */

import type { Fault } from '../../support/faults/fault.js';
import { groupsCut, hostCutOff, pathCut } from '../../support/faults/network-faults.js';
import { type Host, Network, networkUnavailable } from '../../support/faults/network-namespace.js';
import { startRedis } from '../../support/redis-server.js';
import type { Effect } from './account/incident.js';
import { Cast } from './cast.js';
import { type Aim, type Attack, type Hazard, nodeName, slotName } from './hazards/hazard.js';
import { REPLICA_HAZARDS } from './hazards/replica-hazards.js';
import { rage } from './nemesis.js';
import type { Scene, SceneKind } from './scene.js';
import { firstRuns } from './witness.js';

const HOSTS = [0, 1, 2] as const;
const SHORT_MS = [500, 5_000] as const;
const DIRECTED = ['random', 'on grant', 'on win'] as const;

export const NETWORK: SceneKind = {
  name: 'network',
  share: 2,
  unavailable: networkUnavailable,
  open,
  play: rage,
};

async function open(): Promise<Scene> {
  const network = await Network.open();
  const nodeHosts: Host[] = [];
  const replicaHosts: Host[] = [];
  for (const index of HOSTS) {
    nodeHosts.push(await network.addHost(`redis ${index + 1}`));
    replicaHosts.push(await network.addHost(`replica ${index + 1}`));
  }
  const nodes = await Promise.all(nodeHosts.map((place) => startRedis({ place })));
  const env = { REDIS_NODES: nodes.map(({ url }) => url).join(',') };
  const cast = new Cast(
    nodes,
    replicaHosts.map((place, index) => ({ index, env, place })),
  );
  await cast.open();
  await firstRuns(cast.runFile);
  return {
    name: NETWORK.name,
    cast,
    hazards: [...hazardsOf(network, nodeHosts, replicaHosts), ...REPLICA_HAZARDS],
    close: async () => {
      await cast.close();
      await network.close();
    },
  };
}

interface Cut {
  readonly fault: Fault;
  readonly target: string;
  readonly effect: Effect;
}

function hazardsOf(network: Network, nodes: readonly Host[], replicas: readonly Host[]): readonly Hazard[] {
  const hazard = (kind: string, cut: (aim: Aim, node: Host, replica: Host) => Cut): Hazard => ({
    kind: `network: ${kind}`,
    moments: DIRECTED,
    aim: (aim) => attack(aim, cut(aim, hostAt(nodes, aim.node), hostAt(replicas, aim.slot.index))),
  });
  return [
    hazard('replica cut off', ({ cast, slot }, _, host) => {
      const replica = cast.replicaIn(slot).name;
      const links = cast.nodes.map((__, index) => ({ replica, node: index }));
      return { fault: hostCutOff(network, host), target: replica, effect: { links } };
    }),
    hazard('master cut off', ({ node }, host) => ({
      fault: hostCutOff(network, host),
      target: nodeName(node),
      effect: { nodes: [node] },
    })),
    hazard('one replica from one master', (aim, node, replica) => onePath(aim, pathCut(replica, node))),
    hazard('one way, requests', (aim, node, replica) => onePath(aim, pathCut(replica, node, 'one way'))),
    hazard('one way, replies', (aim, node, replica) => onePath(aim, pathCut(node, replica, 'one way'))),
    hazard('split in two', (aim, node, replica) => {
      const others = nodes.filter((host) => host !== node);
      return splitOf(aim, groupsCut([replica], others), others, nodes);
    }),
  ];
}

function onePath({ cast, slot, node }: Aim, fault: Fault): Cut {
  const replica = cast.replicaIn(slot).name;
  return { fault, target: `${replica} and ${nodeName(node)}`, effect: { links: [{ replica, node }] } };
}

/** The replica keeps one master, and so a minority. */
function splitOf({ cast, slot }: Aim, fault: Fault, cut: readonly Host[], nodes: readonly Host[]): Cut {
  const replica = cast.replicaIn(slot).name;
  const links = cut.map((host) => ({ replica, node: nodes.indexOf(host) }));
  return { fault, target: `${replica} and a minority`, effect: { links } };
}

function attack({ slot, node }: Aim, { fault, target, effect }: Cut): Attack {
  return { fault, target, effect, victims: [slotName(slot), nodeName(node)], lastsMs: SHORT_MS };
}

function hostAt(hosts: readonly Host[], index: number): Host {
  const host = hosts[index];
  if (host === undefined) throw new Error(`no host ${index}`);
  return host;
}
