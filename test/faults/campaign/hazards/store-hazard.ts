/** A fault of one master, or of several at the same time, as a hazard. */

import { type Fault, faultOf } from '../../../support/faults/fault.js';
import type { RedisServer } from '../../../support/redis-server.js';
import type { Moment } from '../account/incident.js';
import { sleepMs } from '../machine-clock.js';
import { type Aim, type Attack, type Hazard, loneVictim, NEVER_HEALED_MS, nodeName } from './hazard.js';

/** After a loss of memory a node grants no run lock for one time to live. */
export const QUARANTINE_MS = 3_500;

export interface StoreHazard {
  readonly kind: string;
  readonly fault: (server: RedisServer, node: number, aim: Aim) => Fault;
  /** Default: at random only. */
  readonly moments?: readonly Moment[];
  /** Default: it is over at once. */
  readonly lastsMs?: Attack['lastsMs'];
  /** Default: one. */
  readonly victims?: 'one' | 'two' | 'all' | 'the last';
  /** The node may have lost memory afterwards. */
  readonly forgets?: boolean;
  /** It comes back as it was in the campaign's first moments. */
  readonly isOld?: boolean;
  /** The node votes all the time. */
  readonly isHarmless?: boolean;
  readonly isBackground?: boolean;
  readonly unavailable?: () => string | undefined;
}

export function storeHazard(given: StoreHazard): Hazard {
  const { kind, moments = ['random'], unavailable = () => undefined } = given;
  return { kind, moments, unavailable, aim: (aim) => attack(given, aim) };
}

function attack(given: StoreHazard, aim: Aim): Attack {
  const nodes = victimsOf(given, aim);
  const faults = nodes.flatMap((node) => {
    const server = aim.cast.nodes[node];
    return server === undefined ? [] : [given.fault(server, node, aim)];
  });
  return {
    target: nodes.map(nodeName).join(', '),
    fault: together(faults),
    effect:
      given.isHarmless === true
        ? {}
        : { nodes, forgets: given.forgets === true, isOld: given.isOld === true },
    victims: [...nodes.map(nodeName), ...(nodes.length === 1 ? loneVictim(aim.random) : [])],
    lastsMs: given.lastsMs ?? NEVER_HEALED_MS,
    isBackground: given.isBackground === true,
    ...(given.forgets === true && { afterHeal: () => sleepMs(QUARANTINE_MS) }),
  };
}

function victimsOf({ victims }: StoreHazard, { cast, node }: Aim): readonly number[] {
  const all = cast.nodes.map((_, index) => index);
  switch (victims) {
    case undefined:
    case 'one':
      return [node];
    case 'two':
      return all.filter((one) => one !== node);
    case 'all':
      return all;
    case 'the last':
      return all.slice(-1);
    default:
      return victims satisfies never;
  }
}

/** Several faults that strike and heal at the same time. */
export function together(faults: readonly Fault[]): Fault {
  return faultOf({
    name: faults.map(({ name }) => name).join(' and '),
    strike: async () => (await Promise.all(faults.map((fault) => fault.strike()))).join(' and '),
    heal: () => Promise.all(faults.map((fault) => fault.heal())),
  });
}
