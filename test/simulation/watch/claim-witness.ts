/** Every vote of every node, and what must be true of claims. Owes nothing to the ledger's own memory. */

import { idsText, type LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { Claim, ClaimVote } from '#src/protocol/contract/ports.js';
import { closingInstant } from '#src/protocol/contract/task-policies.js';
import { isClaimOf } from '#src/protocol/ledger/claim-id.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { History } from './history.js';

export interface Voter {
  readonly instanceId: string;
  readonly set: NodeSet;
  /** The ids that the message names. */
  readonly ids: LedgerIds;
}

/** Who granted a claim, and how many make a majority for it. */
interface Grants {
  readonly nodes: number;
  /** By server, when it granted it first. */
  readonly atMs: Map<number, number>;
  /**
   * By the ids that a message named, the positions that granted it: a vote counts only beside others under the same ids. Two
   * servers of one position are one vote.
   */
  readonly rounds: Map<string, Set<number>>;
}

/** What happened to one tick of a task. */
interface TickStory {
  readonly askers: Set<string>;
  /** By claim id. */
  readonly grants: Map<string, Grants>;
  winner: string | undefined;
  wasGivenBack: boolean;
}

/** The protocol's constants, written down once more: a rule may not be checked with the number it got wrong. */
const EARLY_MS = 100;
const NEAR_LOSS_MS = 1_000;
const WINS_KEPT = 8;

export class ClaimWitness {
  private readonly stories = new Map<string, TickStory>();
  /** Per server and task, the newest grant of this incarnation. */
  private readonly newest = new Map<string, { readonly tick: number; readonly claimId: string }>();
  private readonly givenBack = new Set<string>();
  private readonly lastGrantMs = new Map<number, number>();
  private readonly lossMs = new Map<number, number>();
  /** Per server the set that it was stamped with since its last loss. */
  private readonly stamps = new Map<number, NodeSet>();
  private readonly lastWins = new Map<string, Claim[]>();

  constructor(private readonly history: History) {}

  /** Ticks for which at least two instances asked for votes. */
  get contestedTicks(): number {
    return [...this.stories.values()].filter(({ askers }) => askers.size > 1).length;
  }

  /** The server has forgotten, or may have forgotten, what it granted. */
  lost(server: Server): void {
    const nowMs = this.history.nowMs();
    this.history.count('loss of memory');
    const lastMs = this.lastGrantMs.get(server.index) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < NEAR_LOSS_MS) this.history.count('loss soon after a grant');
    this.lossMs.set(server.index, nowMs);
    this.stamps.delete(server.index);
    for (const key of this.newest.keys()) {
      if (key.startsWith(`${server.index} `)) this.newest.delete(key);
    }
  }

  /** The server has left behind what it granted ahead of its clock; the set stays on record. */
  raised(server: Server): void {
    // It may fall: what an hour ahead has raised is left behind too.
    server.takeRestoredFloor();
    this.lossMs.set(server.index, this.history.nowMs());
    for (const key of this.newest.keys()) {
      if (key.startsWith(`${server.index} `)) this.newest.delete(key);
    }
  }

  /** What was claimed above this instant may be claimed once more: a person has said so. */
  leaveBehind(aboveMs: number): void {
    for (const key of this.stories.keys()) {
      if (Number(key.split(' ').at(-1)) > aboveMs) this.stories.delete(key);
    }
    this.lastWins.clear();
  }

  /** The set is on record there from now on. */
  stamped(server: Server, set: NodeSet): void {
    this.history.count('stamped');
    this.isStamped(server, set);
  }

  /** It has been on record there since before the world began. */
  isStamped(server: Server, set: NodeSet): void {
    this.stamps.set(server.index, set);
  }

  asked(voter: Voter, claims: readonly Claim[]): void {
    for (const claim of claims) this.storyOf(claim).askers.add(voter.instanceId);
  }

  voted(server: Server, voter: Voter, claim: Claim, vote: ClaimVote): void {
    this.history.count(vote.kind);
    this.checkFloor(server);
    if (vote.kind === 'outdated') this.history.count('fenced by a newer node set');
    if (vote.kind === 'granted') this.checkSet(server, voter);
    if (vote.kind === 'taken' && vote.claimId === claim.claimId) {
      this.history.fail('a claim that is sent twice is granted twice', this.nameOf(server, claim));
    }
    if (vote.kind === 'granted') this.granted(server, voter, claim);
  }

  won(claim: Claim): void {
    const story = this.storyOf(claim);
    if (story.winner !== undefined && !this.givenBack.has(story.winner)) {
      this.history.fail('one instance wins a tick', `${nameOf(claim)}: ${story.winner} and ${claim.claimId}`);
    }
    story.winner = claim.claimId;
    if (story.wasGivenBack) this.history.count('won after others gave back');
    this.checkWinOrder(claim, story);
  }

  /** Whether some server has ever granted this instant: its claim may have been given back, which is heard of later. */
  isGranted(task: string, instant: number): boolean {
    return (this.stories.get(`${task} ${instant}`)?.grants.size ?? 0) > 0;
  }

  /** Under which an instance may have run a tick last: of its claims with a majority the one that was granted last. */
  lastWonBy(instanceId: string, task: string, tick: number): string | undefined {
    let last: { readonly claimId: string; readonly atMs: number } | undefined;
    for (let instant = tick; instant <= closingInstant(tick); instant += 1) {
      for (const [claimId, grants] of this.stories.get(`${task} ${instant}`)?.grants ?? []) {
        if (!isClaimOf(instanceId, claimId) || !isOfMajority(grants)) continue;
        const atMs = Math.max(...grants.atMs.values());
        if (last === undefined || atMs > last.atMs) last = { claimId, atMs };
      }
    }
    return last?.claimId;
  }

  /** The owner has decided never to run it. */
  gaveBack(claim: Claim): void {
    if (this.givenBack.has(claim.claimId)) return;
    this.givenBack.add(claim.claimId);
    const story = this.storyOf(claim);
    if (story.grants.has(claim.claimId)) {
      story.wasGivenBack = true;
      this.history.count('given back');
    }
  }

  /** The newest grant of this server that stands, since it last lost its memory. */
  newestAt(server: Server, task: string): { readonly tick: number; readonly claimId: string } | undefined {
    return this.newest.get(`${server.index} ${task}`);
  }

  /** A server has taken a give-back in. */
  forgot(server: Server, claim: Claim): void {
    const key = `${server.index} ${claim.task}`;
    if (this.newest.get(key)?.claimId === claim.claimId) this.newest.delete(key);
  }

  private granted(server: Server, { set, ids }: Voter, claim: Claim): void {
    const nowMs = this.history.nowMs();
    const { grants } = this.storyOf(claim);
    const granted = grants.get(claim.claimId) ?? {
      nodes: set.positions.length,
      atMs: new Map(),
      rounds: new Map(),
    };
    grants.set(claim.claimId, granted);
    if (granted.atMs.has(server.index)) this.history.count('granted again');
    else granted.atMs.set(server.index, nowMs);
    const round = granted.rounds.get(idsText(ids)) ?? new Set<number>();
    granted.rounds.set(idsText(ids), round.add(server.position));
    this.lastGrantMs.set(server.index, nowMs);
    const wallMs = server.wallMs();
    if (claim.tick > wallMs + EARLY_MS) this.history.fail('no grant ahead', this.nameOf(server, claim));
    if (claim.tick < wallMs - claim.maxLatenessMs) {
      this.history.fail('no grant when it is late', this.nameOf(server, claim));
    }
    this.checkRise(server, claim);
    this.checkOneMajority(claim, grants);
  }

  private checkRise(server: Server, claim: Claim): void {
    const key = `${server.index} ${claim.task}`;
    const newest = this.newest.get(key);
    const isOlder = newest !== undefined && claim.tick < newest.tick;
    const isSecond = newest?.tick === claim.tick && newest.claimId !== claim.claimId;
    if (isOlder || isSecond) this.history.fail('grants rise', this.nameOf(server, claim));
    this.newest.set(key, { tick: claim.tick, claimId: claim.claimId });
  }

  private checkOneMajority(claim: Claim, grants: TickStory['grants']): void {
    const majorities = [...grants].filter(
      ([claimId, granted]) => isOfMajority(granted) && !this.givenBack.has(claimId),
    );
    if (majorities.length < 2) return;
    this.history.fail(
      'one majority per tick',
      `${nameOf(claim)}: ${majorities.map(([claimId]) => claimId).join(' and ')}`,
    );
  }

  /** Two wins share a node; there the older tick must have been granted first, unless that node forgot between. */
  private checkWinOrder(claim: Claim, story: TickStory): void {
    const wins = this.lastWins.get(claim.task) ?? [];
    this.lastWins.set(claim.task, [claim, ...wins].slice(0, WINS_KEPT));
    const own = story.grants.get(claim.claimId)?.atMs ?? new Map<number, number>();
    for (const other of wins) {
      if (this.givenBack.has(other.claimId)) continue;
      const theirs = this.storyOf(other).grants.get(other.claimId)?.atMs ?? new Map<number, number>();
      for (const [server, atMs] of own) {
        const theirMs = theirs.get(server);
        const lossMs = this.lossMs.get(server) ?? Number.NEGATIVE_INFINITY;
        if (theirMs === undefined || lossMs >= Math.min(atMs, theirMs)) continue;
        // What one instance sends at one moment may arrive at one moment.
        if (atMs === theirMs || claim.tick < other.tick === atMs < theirMs) continue;
        this.history.fail('wins are ordered by tick', `${nameOf(claim)} and ${nameOf(other)}`);
      }
    }
  }

  /** A node grants nothing to a set that is older than the one on record, or whose majorities need not meet that one's. */
  private checkSet(server: Server, { set, instanceId }: Voter): void {
    const stamp = this.stamps.get(server.index);
    if (stamp === undefined) return;
    const place = `${server.label} to ${instanceId}`;
    if (set.generation < stamp.generation) this.history.fail('a node obeys the newest node set', place);
    const union = new Set([...set.positions, ...stamp.positions]).size;
    const majorities = Math.floor(set.positions.length / 2) + 1 + Math.floor(stamp.positions.length / 2) + 1;
    const isSame = [...set.positions].sort().join() === [...stamp.positions].sort().join();
    if (!isSame && majorities <= union)
      this.history.fail('a node obeys only sets whose majorities meet', place);
  }

  private checkFloor(server: Server): void {
    const restoredMs = server.takeRestoredFloor();
    if (restoredMs === undefined || (server.model.snapshot().ledger.memory?.floor ?? 0) >= restoredMs) return;
    this.history.fail('a restored floor does not fall', server.label);
  }

  private storyOf({ task, tick }: Claim): TickStory {
    const key = `${task} ${tick}`;
    const story = this.stories.get(key) ?? {
      askers: new Set(),
      grants: new Map(),
      winner: undefined,
      wasGivenBack: false,
    };
    this.stories.set(key, story);
    return story;
  }

  private nameOf(server: Server, claim: Claim): string {
    return `${server.label}: ${nameOf(claim)}`;
  }
}

function nameOf({ task, tick }: Claim): string {
  return `${task}@${tick - EPOCH_MS}`;
}

function isOfMajority({ rounds, nodes }: Grants): boolean {
  return [...rounds.values()].some(({ size }) => size * 2 > nodes);
}
