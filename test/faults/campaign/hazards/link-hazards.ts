/** What happens between replicas and masters, on the links of the user-space proxy. */

import type { Fault } from '../../../support/faults/fault.js';
import {
  heldReplies,
  lossyLink,
  partitionedLink,
  refusedLink,
  resetLink,
  silentReplies,
  silentRequests,
  slowLink,
} from '../../../support/faults/link-faults.js';
import type { ProxyLink } from '../../../support/faults/tcp-proxy.js';
import type { Moment } from '../account/incident.js';
import {
  type Aim,
  type Attack,
  type Hazard,
  loneVictim,
  NEVER_HEALED_MS,
  nodeName,
  slotName,
} from './hazard.js';

/** By slot and node. */
export type Links = readonly (readonly ProxyLink[])[];

const SHORT_MS = [300, 4_000] as const;
const DIRECTED = ['random', 'on grant', 'on win'] as const;
/** Below the node timeout of 120 ms: answers come late, and still in time. */
const SLOW = { delayMs: 60, jitterMs: 30 } as const;
/** Above it. */
const TOO_SLOW = { delayMs: 200, jitterMs: 50 } as const;
const LOSS = { stallChance: 0.1, stallMs: 250 } as const;

type FaultFor = (links: readonly ProxyLink[]) => Fault;

/** A victim is a replica with all its links, or a node with all its links. */
export function linkHazards(links: Links): readonly Hazard[] {
  const hazard = (
    kind: string,
    fault: FaultFor,
    moments: readonly Moment[] = ['random'],
    lastsMs: Attack['lastsMs'] = SHORT_MS,
  ): Hazard => ({ kind: `link: ${kind}`, moments, aim: (aim) => attack(links, aim, fault, lastsMs) });
  return [
    hazard('60 ms slower', (some) => slowLink(some, SLOW)),
    hazard('200 ms slower', (some) => slowLink(some, TOO_SLOW)),
    hazard('stalls by loss', (some) => lossyLink(some, LOSS)),
    hazard('requests lost', silentRequests, DIRECTED),
    hazard('replies lost', silentReplies, DIRECTED),
    hazard('replies held', heldReplies, DIRECTED),
    hazard('partition', partitionedLink, DIRECTED),
    hazard('refused', refusedLink, ['random', 'on win']),
    hazard('reset', resetLink, DIRECTED, NEVER_HEALED_MS),
  ];
}

/** Two times of three a replica is hit, else a node. */
const REPLICA_SHARE = 2 / 3;

function attack(links: Links, aim: Aim, faultFor: FaultFor, lastsMs: Attack['lastsMs']): Attack {
  return aim.random.next() < REPLICA_SHARE
    ? onReplica(links, aim, faultFor, lastsMs)
    : onNode(links, aim, faultFor, lastsMs);
}

function onReplica(
  links: Links,
  { cast, slot }: Aim,
  faultFor: FaultFor,
  lastsMs: Attack['lastsMs'],
): Attack {
  const replica = cast.replicaIn(slot).name;
  return {
    target: `${replica} to all nodes`,
    fault: faultFor(links[slot.index] ?? []),
    effect: { links: cast.nodes.map((_, node) => ({ replica, node })) },
    // Its process is a victim too: a holder whose event loop stands still while its connections are cut is taken
    // for dead, which the README says.
    victims: [slotName(slot)],
    lastsMs,
  };
}

function onNode(links: Links, { node, random }: Aim, faultFor: FaultFor, lastsMs: Attack['lastsMs']): Attack {
  return {
    target: `all replicas to ${nodeName(node)}`,
    fault: faultFor(links.flatMap((ofSlot) => ofSlot.slice(node, node + 1))),
    effect: { nodes: [node] },
    victims: [nodeName(node), ...loneVictim(random)],
    lastsMs,
  };
}
