/** What the nemesis can do: kinds of faults, each aimed at somebody when its moment has come. */

import type { SeededRandom } from '#src/testing/seeded-random.js';
import type { Fault } from '../../../support/faults/fault.js';
import type { Effect, Moment } from '../account/incident.js';
import type { Cast, Slot } from '../cast.js';

export interface Hazard {
  /** A row of the table. */
  readonly kind: string;
  readonly moments: readonly Moment[];
  /** How often it stands in the pack of cards, next to others; 1 when absent. */
  readonly share?: number;
  /** Why it cannot be done here; it is skipped with that line. */
  readonly unavailable?: () => string | undefined;
  readonly aim: (aim: Aim) => Attack;
}

export interface Aim {
  readonly cast: Cast;
  /** The winner's slot and a node that granted, where the moment names them; else at random. */
  readonly slot: Slot;
  readonly node: number;
  readonly random: SeededRandom;
}

/** One hazard with its victims. */
export interface Attack {
  readonly target: string;
  readonly fault: Fault;
  readonly effect: Effect;
  /** Nothing else may happen to these meanwhile: see {@link slotName} and {@link nodeName}. */
  readonly victims: readonly string[];
  /** How long it lasts before it is healed: a random time within. */
  readonly lastsMs: readonly [least: number, most: number];
  /** Others go on meanwhile, and it does not count as one of the few that may overlap. */
  readonly isBackground?: boolean;
  /** Its effect ends when it is seen; what heals it later is mere cleaning up. */
  readonly isOverWhenSeen?: boolean;
  readonly beforeStrike?: () => void;
  /** The victims' recovery. Others may strike meanwhile. */
  readonly afterHeal?: () => Promise<unknown>;
}

/** How often a fault of one node leaves the others alone until its node votes again. */
const LONE_SHARE = 0.7;

/**
 * A victim that all faults of single nodes share, most of the time: with two of three nodes away no tick runs, which
 * shows less than a tick that runs by the last majority.
 */
export function loneVictim(random: SeededRandom): readonly string[] {
  return random.next() < LONE_SHARE ? ['a minority of nodes'] : [];
}

export const NEVER_HEALED_MS = [0, 0] as const;

export function slotName(slot: Slot): string {
  return `slot ${slot.index}`;
}

export function nodeName(node: number): string {
  return `redis ${node + 1}`;
}

export function between(random: SeededRandom, least: number, most: number): number {
  return least + random.next() * (most - least);
}

export function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
