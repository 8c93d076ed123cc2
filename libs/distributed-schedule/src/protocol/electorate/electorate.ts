/**
 * What this instance knows of its nodes: which memory of which server answers at each position, whether it may vote, and
 * whether the set of them stands. Fed by each beat; asked by each claim. It has no timer: it rides on beats.
 */

import { MEMBER_TTL_MS } from '../constants.js';
import type { ScheduleEvent, ScheduleObserver } from '../observer.js';
import type { BeatReply, ClaimTerms, Clock, NodeReply, VotingNode } from '../ports.js';
import { quorumOf } from '../quorum.js';
import { decideSet } from './decide-set.js';
import {
  type IdStanding,
  isMajority,
  type KnownNode,
  letsClaimsPass,
  NotedIds,
  stampStandingOf,
  unknownNode,
} from './known-node.js';
import type { LedgerId, LedgerIds } from './ledger-id.js';
import type { BeatSign } from './node-identity.js';
import { type NodeSet, setText } from './node-set.js';
import { decided, type SetDecision } from './set-scene.js';
import { Upkeep } from './upkeep.js';
import { WrongServers } from './wrong-servers.js';

export interface ElectorateParts {
  readonly nodes: readonly VotingNode[];
  readonly set: NodeSet;
  readonly app: string;
  readonly clock: Clock;
  readonly observer: ScheduleObserver;
  /** After so long a memory votes, and a set starts, with what a majority knows; Infinity = never. */
  readonly identityWaitMs: number;
  /** Name of a set on record that is over. */
  readonly takeOver?: string | undefined;
}

/** Why this instance does not bid now. */
export interface NoBid {
  readonly why: string;
  /** For good: a newer generation is on record. */
  readonly isOutdated: boolean;
}

/** What the ledger needs. */
export interface ClaimTermsSource {
  /** What the next claims say about the nodes. */
  terms(): Pick<ClaimTerms, 'set' | 'ids'>;
  /** A node has refused claims by these ids. The next terms name none of those that they have replaced. */
  renamed(position: string, ids: LedgerIds): void;
}

export interface ElectorateStatus {
  readonly condition: SetDecision['condition'];
  readonly detail: string;
  /** By label of the node, where something is wrong. */
  readonly problems: Readonly<Record<string, 'DSCHED_WRONG_SERVER' | 'DSCHED_NODE_SET_CONFLICT'>>;
}

interface SentBeat {
  readonly sign: BeatSign;
  /** Read before it was sent. */
  readonly sentMs: number;
  readonly sentWallMs: number;
}

/** A beat that is asked for at once still leaves the one before it so long, ms. */
const SHORTEST_BEAT_MS = 20;

export class Electorate implements ClaimTermsSource {
  private readonly known: readonly KnownNode[];
  private readonly noted: NotedIds;
  private readonly wrong = new WrongServers();
  private readonly upkeep: Upkeep;
  private decision: SetDecision = decided('waits', 'no node has answered yet');
  private heardBeat: SentBeat | undefined;
  private unstampedSinceMs: number | undefined;
  private askedBeatMs = Number.POSITIVE_INFINITY;
  private isYielding = false;

  constructor(private readonly parts: ElectorateParts) {
    const { set, nodes, identityWaitMs } = parts;
    this.known = nodes.map(({ position, label }) => unknownNode(position, label));
    this.noted = new NotedIds(set);
    this.upkeep = new Upkeep({
      set,
      nodes,
      identityWaitMs,
      known: this.known,
      decide: () => this.decide(),
      wanting: () => this.wanting(),
      tell: (event) => this.tell(event),
      heldUp: (position) => this.wrong.holdUp(position, parts.clock.monotonicMs()),
    });
  }

  /** What the next beat says. Only ids that answered the beat before: nobody waits for one that has gone. */
  sign(): BeatSign {
    const { set, app } = this.parts;
    const ids: Record<string, LedgerId> = {};
    for (const node of this.known) {
      const standing = this.standingOf(node);
      const isUsed = standing === 'votes' || standing === 'superseded';
      if (node.answersNow && node.identity !== undefined && isUsed) ids[node.position] = node.identity.id;
    }
    return { set, app, standsSinceMs: this.standsSinceMs(), yields: this.isYielding, ids };
  }

  /** Takes in what the nodes answered to a beat, in their order, and begins what has to be done about it. */
  heard(beat: SentBeat, replies: readonly NodeReply<BeatReply>[]): void {
    if (beat.sentMs < (this.heardBeat?.sentMs ?? Number.NEGATIVE_INFINITY)) return;
    const nowMs = this.parts.clock.monotonicMs();
    this.askedBeatMs = Number.POSITIVE_INFINITY;
    for (const [index, node] of this.known.entries()) this.takeIn(node, replies[index], nowMs);
    if (this.known.every(({ answersNow }) => !answersNow)) return;
    this.heardBeat = beat;
    this.noted.read(this.known);
    this.reconnect(nowMs);
    this.countWait(nowMs);
    this.decide();
    if (this.decision.stamps.length > 0 || this.wanting().length > 0) this.upkeep.request();
  }

  terms(): Pick<ClaimTerms, 'set' | 'ids'> {
    const ids: Record<string, LedgerId> = {};
    for (const node of this.known) {
      // One that has missed a beat may be back before the next one; its id is named until it is known to be another.
      const isUsed = this.isRecent(node) && this.standingOf(node) === 'votes';
      if (isUsed && node.identity !== undefined) ids[node.position] = node.identity.id;
    }
    return { set: this.parts.set, ids };
  }

  renamed(position: string, ids: LedgerIds): void {
    for (const node of this.known) {
      const id = ids[node.position];
      const { identity } = node;
      if (id === undefined || identity === undefined) continue;
      if (node.position === position) {
        // Whether it has a vote the next claim finds out; a beat at once finds out the rest.
        if (identity.id !== id) node.identity = { ...identity, id, hasVote: true };
      } else {
        const noter = this.known.find((one) => one.position === position);
        if (noter?.identity !== undefined) {
          noter.identity = {
            ...noter.identity,
            noted: { ...noter.identity.noted, [node.position]: id },
          };
        }
      }
    }
    this.askForBeat(0);
  }

  /** Undefined where this instance may bid. */
  mayBid(): NoBid | undefined {
    const { condition, detail } = this.decision;
    if (condition === 'outdated') return { why: detail, isOutdated: true };
    const why = this.isUnheard()
      ? 'this instance has not been heard by its nodes for a while'
      : condition === 'bids'
        ? this.tooFewVoters()
        : detail;
    return why === undefined ? undefined : { why, isOutdated: false };
  }

  /** Monotonic instant at which a beat may change what is decided; Infinity: the usual one is soon enough. */
  get nextBeatMs(): number {
    return this.askedBeatMs;
  }

  status(): ElectorateStatus {
    const { condition, detail } = this.decision;
    const problems: Record<string, 'DSCHED_WRONG_SERVER' | 'DSCHED_NODE_SET_CONFLICT'> = {};
    for (const node of this.known) {
      if (node.identity === undefined) continue;
      if (this.standingOf(node) === 'wrong_server') problems[node.label] = 'DSCHED_WRONG_SERVER';
      else if (stampStandingOf(node.identity, this.parts.set) === 'foreign')
        problems[node.label] = 'DSCHED_NODE_SET_CONFLICT';
    }
    return { condition, detail, problems };
  }

  /** Resolves when nothing is under way at the nodes. Never rejects. */
  idle(): Promise<void> {
    return this.upkeep.idle();
  }
}
