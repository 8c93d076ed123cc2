/** A connection leads elsewhere, to another database or another server, or ends when the server has acted. */

import { claimAnswersLost } from '../../../support/faults/answer-faults.js';
import type { Fault } from '../../../support/faults/fault.js';
import { silentRequests } from '../../../support/faults/link-faults.js';
import { selectRefused } from '../../../support/faults/select-faults.js';
import { endpointSwapped } from '../../../support/faults/swap-faults.js';
import type { ProxyLink } from '../../../support/faults/tcp-proxy.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { sleepMs } from '../machine-clock.js';
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
import type { Links } from './link-hazards.js';
import { QUARANTINE_MS, together } from './store-hazard.js';

const SHORT_MS = [300, 2_500] as const;
const SWAPPED_MS = [1_000, 7_000] as const;
const DIRECTED = ['random', 'on win'] as const;

/** `others`: for each node the server that its name may come to mean. */
export function identityHazards(links: Links, others: readonly RedisServer[]): readonly Hazard[] {
  return [
    {
      kind: 'redis: SELECT refused (BUSY)',
      moments: DIRECTED,
      aim: (aim) => refusedAt(links, aim, [aim.node]),
    },
    {
      kind: 'redis: two refuse SELECT (BUSY)',
      moments: ['random'],
      aim: (aim) =>
        refusedAt(
          links,
          aim,
          [0, 1, 2].filter((node) => node !== aim.node),
        ),
    },
    {
      kind: 'link: name led elsewhere for one',
      moments: DIRECTED,
      share: 2,
      aim: (aim) => oneLedElsewhere(links, aim, others),
    },
    {
      kind: 'link: name led elsewhere, claims of others lost',
      moments: ['random'],
      share: 2,
      aim: (aim) => splitByName(links, aim, others),
    },
    {
      kind: 'link: name led elsewhere for all',
      moments: ['random'],
      aim: (aim) => allLedElsewhere(links, aim, others),
    },
    {
      kind: 'link: answer of one node lost',
      moments: ['random'],
      aim: (aim) => answersLost(aim, linksTo(links, aim.node), 1, [aim.node]),
    },
    {
      kind: 'link: answers of all nodes lost',
      moments: ['random'],
      share: 2,
      aim: (aim) =>
        answersLost(
          aim,
          links.flat(),
          aim.cast.nodes.length,
          aim.cast.nodes.map((_, node) => node),
        ),
    },
  ];
}

/** Every replica connects anew while those nodes are busy. */
function refusedAt(links: Links, { cast, random }: Aim, nodes: readonly number[]): Attack {
  const faults = nodes.flatMap((node): Fault[] => {
    const server = cast.nodes[node];
    return server === undefined ? [] : [selectRefused(server, linksTo(links, node))];
  });
  return {
    target: nodes.map(nodeName).join(', '),
    fault: together(faults),
    effect: { nodes },
    // Whoever does not run connects to nothing, and then it could not be seen.
    victims: [
      ...nodes.map(nodeName),
      ...cast.slots.map(slotName),
      ...(nodes.length === 1 ? loneVictim(random) : []),
    ],
    lastsMs: SHORT_MS,
  };
}

/** One replica is led to another server; the others keep their connections to the old one. */
function oneLedElsewhere(links: Links, aim: Aim, others: readonly RedisServer[]): Attack {
  const { cast, slot, node } = aim;
  const replica = cast.replicaIn(slot).name;
  const moved = (links[slot.index] ?? []).slice(node, node + 1);
  return {
    ...swap(aim, linksTo(links, node), moved, others),
    target: `${nodeName(node)} for ${replica}`,
    effect: { links: [{ replica, node }], forks: [node] },
  };
}

/**
 * The others do not reach one of the other nodes meanwhile. Each side reaches two servers by the three names, and the two sides
 * have none of them in common but by the name that both still mean alike.
 */
function splitByName(links: Links, aim: Aim, others: readonly RedisServer[]): Attack {
  const { cast, slot, node } = aim;
  const led = oneLedElsewhere(links, aim, others);
  const unheard = (node + 1) % cast.nodes.length;
  const staying = cast.slots.filter((one) => one !== slot);
  const hit = staying.flatMap(({ index }) => (links[index] ?? []).slice(unheard, unheard + 1));
  return {
    ...led,
    target: `${led.target}, the others without ${nodeName(unheard)}`,
    fault: together([led.fault, healedLinks(silentRequests(hit), hit)]),
    effect: {
      ...led.effect,
      links: [
        ...(led.effect.links ?? []),
        ...staying.map((one) => ({ replica: cast.replicaIn(one).name, node: unheard })),
      ],
    },
    victims: [...led.victims, nodeName(unheard)],
  };
}

/** All are led to the other server, and back: both may have forgotten. */
function allLedElsewhere(links: Links, aim: Aim, others: readonly RedisServer[]): Attack {
  const all = linksTo(links, aim.node);
  return {
    ...swap(aim, all, all, others),
    target: `${nodeName(aim.node)} for all`,
    effect: { nodes: [aim.node], forgets: true, isReplaced: true, forks: [aim.node] },
    afterHeal: () => sleepMs(QUARANTINE_MS),
  };
}

function swap(
  { cast, node, random }: Aim,
  links: readonly ProxyLink[],
  moved: readonly ProxyLink[],
  others: readonly RedisServer[],
): Pick<Attack, 'fault' | 'victims' | 'lastsMs'> {
  const to = others[node];
  if (to === undefined) throw new Error(`no other server for node ${node}`);
  return {
    fault: endpointSwapped({ links, moved, to }),
    // A replica that starts meanwhile would be led there as well.
    victims: [nodeName(node), ...cast.slots.map(slotName), ...loneVictim(random)],
    lastsMs: SWAPPED_MS,
  };
}

/** It takes nothing away: a claim whose answers are lost is sent again, so no miss is excused. */
function answersLost(
  { cast }: Aim,
  links: readonly ProxyLink[],
  leastLost: number,
  nodes: readonly number[],
): Attack {
  return {
    target: nodes.length === 1 ? nodes.map(nodeName).join() : 'all nodes',
    fault: claimAnswersLost(links, leastLost),
    effect: { hiccups: nodes },
    victims: [...cast.slots.map(slotName), ...cast.nodes.map((_, node) => nodeName(node))],
    lastsMs: NEVER_HEALED_MS,
  };
}

function linksTo(links: Links, node: number): readonly ProxyLink[] {
  return links.flatMap((ofSlot) => ofSlot.slice(node, node + 1));
}
