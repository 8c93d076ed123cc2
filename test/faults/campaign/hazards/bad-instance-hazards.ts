/** An instance of the same application, with one of the nodes as its only one, while that node is emptied. */

import { eventually, type Fault, faultOf } from '../../../support/faults/fault.js';
import { crashed } from '../../../support/faults/redis-crash-faults.js';
import { flushed } from '../../../support/faults/redis-store-faults.js';
import type { RedisServer } from '../../../support/redis-server.js';
import type { Replica } from '../../../support/replica.js';
import type { Cast } from '../cast.js';
import { sleepMs } from '../machine-clock.js';
import { type Aim, type Attack, type Hazard, loneVictim, nodeName } from './hazard.js';
import { QUARANTINE_MS } from './store-hazard.js';

/** An emptied node gives it a lock after 3 to 4 s, if it gives it any. */
const LASTS_MS = [1_000, 8_000] as const;
const SPEAKS_WITHIN_MS = 20_000;

export function badInstanceHazards(): readonly Hazard[] {
  return [
    {
      kind: 'replica: other set of nodes, node flushed',
      moments: ['random'],
      aim: (aim) => attack(aim, (server) => flushed(server)),
    },
    {
      kind: 'replica: other set of nodes, node back empty',
      moments: ['random'],
      aim: (aim) => attack(aim, (server) => crashed(server, 'empty')),
    },
  ];
}

let strangers = 0;

function attack({ cast, node, random }: Aim, emptied: (server: RedisServer) => Fault): Attack {
  const server = cast.nodes[node];
  if (server === undefined) throw new Error(`no node ${node}`);
  strangers += 1;
  const name = `X${strangers}`;
  return {
    target: `${name} on ${nodeName(node)}`,
    fault: stranger({ cast, name, server, emptying: emptied(server) }),
    effect: { nodes: [node], forgets: true },
    victims: [nodeName(node), ...loneVictim(random)],
    lastsMs: LASTS_MS,
    afterHeal: () => sleepMs(QUARANTINE_MS),
  };
}

interface StrangerParts {
  readonly cast: Cast;
  readonly name: string;
  readonly server: RedisServer;
  readonly emptying: Fault;
}

/** It has come up before the node is back, so that both sides meet an empty node. */
function stranger({ cast, name, server, emptying }: StrangerParts): Fault {
  let replica: Replica | undefined;
  return faultOf({
    name: `${name} with another set of nodes`,
    strike: async () => {
      const struck = await emptying.strike();
      replica = await cast.joinStranger(name, { REDIS_NODES: server.url });
      await emptying.heal();
      const { messages } = replica;
      await eventually('its word on a tick', () => messages.some(isWordOnTick), SPEAKS_WITHIN_MS);
      return `${struck}; ${name} takes part with ${server.port} alone`;
    },
    heal: async () => {
      await replica?.kill('SIGKILL');
      await emptying.heal();
    },
  });
}

function isWordOnTick({ type }: Replica['messages'][number]): boolean {
  return type === 'tick' || type === 'started';
}
