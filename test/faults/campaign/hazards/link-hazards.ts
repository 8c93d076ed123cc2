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
import { healedLinks } from './healed-links.js';

/** By slot and node. */
export type Links = readonly (readonly ProxyLink[])[];

const SHORT_MS = [300, 4_000] as const;
const DIRECTED = ['random', 'on grant', 'on win'] as const;
/** Below the node timeout of 120 ms: answers come late, and still in time. */
const SLOW = { delayMs: 60, jitterMs: 30 } as const;
/** Above it. */
const TOO_SLOW = { delayMs: 200, jitterMs: 50 } as const;
const LOSS = { stallChance: 0.1, stallMs: 250 } as const;

interface LinkHazard {
  readonly kind: string;
  readonly fault: (links: readonly ProxyLink[]) => Fault;
  readonly moments?: readonly Moment[];
  readonly lastsMs?: Attack['lastsMs'];
  /** Answers through the links prove it, so all nodes have to answer meanwhile. */
  readonly needsAnswers?: boolean;
  /** It takes nothing away, so it excuses nothing. */
  readonly isHarmless?: boolean;
}

const HAZARDS: readonly LinkHazard[] = [
  {
    kind: 'link: 60 ms slower',
    fault: (links) => slowLink(links, SLOW),
    needsAnswers: true,
    isHarmless: true,
  },
  { kind: 'link: 200 ms slower', fault: (links) => slowLink(links, TOO_SLOW), needsAnswers: true },
  { kind: 'link: stalls by loss', fault: (links) => lossyLink(links, LOSS), needsAnswers: true },
  { kind: 'link: requests lost', fault: silentRequests, moments: DIRECTED },
  { kind: 'link: replies lost', fault: silentReplies, moments: DIRECTED },
  { kind: 'link: replies held', fault: heldReplies, moments: DIRECTED },
  { kind: 'link: partition', fault: partitionedLink, moments: DIRECTED },
  { kind: 'link: refused', fault: refusedLink, moments: ['random', 'on win'] },
  { kind: 'link: reset', fault: resetLink, moments: DIRECTED, lastsMs: NEVER_HEALED_MS },
];

/** A victim is a replica with all its links, or a node with all its links. */
export function linkHazards(links: Links): readonly Hazard[] {
  return HAZARDS.map((one) => ({
    kind: one.kind,
    moments: one.moments ?? ['random'],
    aim: (aim) => attack(links, aim, one),
  }));
}

/** Two times of three a replica is hit, else a node. */
const REPLICA_SHARE = 2 / 3;

function attack(links: Links, aim: Aim, hazard: LinkHazard): Attack {
  return aim.random.next() < REPLICA_SHARE ? onReplica(links, aim, hazard) : onNode(links, aim, hazard);
}

function onReplica(links: Links, { cast, slot }: Aim, hazard: LinkHazard): Attack {
  const replica = cast.replicaIn(slot).name;
  const hit = links[slot.index] ?? [];
  return {
    target: `${replica} to all nodes`,
    fault: healedLinks(hazard.fault(hit), hit),
    effect: hazard.isHarmless === true ? {} : { links: cast.nodes.map((_, node) => ({ replica, node })) },
    // Its process is a victim too: a holder whose event loop stands still while its connections are cut is taken
    // for dead, which the README says.
    victims: [
      slotName(slot),
      ...(hazard.needsAnswers === true ? cast.nodes.map((_, node) => nodeName(node)) : []),
    ],
    lastsMs: hazard.lastsMs ?? SHORT_MS,
  };
}

function onNode(links: Links, { node, random }: Aim, hazard: LinkHazard): Attack {
  const hit = links.flatMap((ofSlot) => ofSlot.slice(node, node + 1));
  return {
    target: `all replicas to ${nodeName(node)}`,
    fault: healedLinks(hazard.fault(hit), hit),
    effect: hazard.isHarmless === true ? {} : { nodes: [node] },
    victims: [nodeName(node), ...loneVictim(random)],
    lastsMs: hazard.lastsMs ?? SHORT_MS,
  };
}
