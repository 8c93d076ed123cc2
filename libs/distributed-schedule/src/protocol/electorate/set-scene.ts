/** What is decided about the set of nodes, and from what. */

import { MEMBER_TTL_MS } from '../contract/constants.js';
import type { NodeSetCondition, StampReason } from '../contract/electorate-view.js';
import type { NodeIdentity, StampRequest } from '../contract/node-identity.js';
import { majoritiesMeet, type NodeSet, stampText } from '../contract/node-set.js';
import type { KnownNode, StampStanding } from './known-node.js';

export interface SetScene {
  readonly set: NodeSet;
  readonly app: string;
  /** In the configured order; the answers are those to the newest beat. */
  readonly nodes: readonly KnownNode[];
  /** Since when a stamp of the set stands, as far as known; a node that is silent for a moment still counts. */
  readonly standsSinceMs: number | undefined;
  /** The beat that was answered showed this instance as one that bids. Others may have counted on what it showed. */
  readonly wasShown: boolean;
  /** The beat that was answered showed that the set stands. */
  readonly wasShownToStand: boolean;
  /** For how long a majority has answered and no stamp stood. */
  readonly waitedMs: number;
  readonly identityWaitMs: number;
  /** The name of a set on record that a person has declared to be over. */
  readonly takeOver: string | undefined;
}

export interface PlannedStamp {
  readonly node: KnownNode;
  readonly request: StampRequest;
  readonly reason: StampReason;
}

export interface SetDecision {
  readonly condition: NodeSetCondition;
  readonly detail: string;
  readonly stamps: readonly PlannedStamp[];
  /** The next beat may decide more after this. */
  readonly againInMs?: number;
  /** It bids once the next beat is answered, unless that shows something new: nothing to tell, and no dispute. */
  readonly isAboutToBid?: boolean;
}

/** A node that answered the newest beat. */
export interface Answer {
  readonly node: KnownNode;
  readonly identity: NodeIdentity;
  readonly standing: StampStanding;
}

export function decided(condition: NodeSetCondition, detail: string): SetDecision {
  return { condition, detail, stamps: [] };
}

/** A stamp may rest on an answer for this long: by then the instance is sure to be shown as alive. */
export const STAMP_LIFE_MS = MEMBER_TTL_MS / 2;

/** Node time after which a stamp that rests on this answer is refused: an instance that was suspended knows nothing of what came since. */
export function stampDeadlineMs({ nowMs }: Pick<NodeIdentity, 'nowMs'>): number {
  return Math.floor(nowMs) + STAMP_LIFE_MS;
}

/** The latest instant the replaced set may be granted: our stamp counts from it, and all floors rise to it. */
export function latestGrantMs(replaced: readonly Answer[]): number {
  return Math.max(...replaced.map(({ identity }) => stampDeadlineMs(identity)));
}

/** Whether a node has heard the beats of everybody alive. */
export function hasListened({ nowMs, sinceMs }: NodeIdentity): boolean {
  return nowMs >= sinceMs + MEMBER_TTL_MS;
}

export function planStamp(
  { set, app }: SetScene,
  { node, identity }: Answer,
  reason: StampReason,
  sinceMs: number,
  floorFromMs?: number,
): PlannedStamp {
  const { stamp } = identity;
  return {
    node,
    reason,
    request: {
      stamp: { set, sinceMs, app },
      id: identity.id,
      expected: stamp === undefined ? '' : stampText(stamp),
      raiseFloor: raisesFloor(reason, set, stamp?.set),
      ...(floorFromMs !== undefined && { floorFromMs }),
      deadlineMs: stampDeadlineMs(identity),
    },
  };
}

/** Whether the node may have to refuse what another set has been granted elsewhere. */
function raisesFloor(reason: StampReason, set: NodeSet, before: NodeSet | undefined): boolean {
  // A brand-new node has a floor of its own, and a first start must not wait for another one.
  if (reason === 'first' || reason === 'provisional') return false;
  // A change of one node shares a node with each majority: it must cost no tick.
  return reason !== 'newer' || before === undefined || !majoritiesMeet(set, before);
}
