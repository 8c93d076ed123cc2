/** Every vote of every node, and what must be true of claims. Owes nothing to the ledger's own memory. */

import type { Claim, ClaimVote } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { History } from './history.js';

export interface Voter {
  readonly instanceId: string;
  /** Of its node set. */
  readonly generation: number;
}

/** What happened to one tick of a task. */
interface TickStory {
  readonly askers: Set<string>;
  /** By claim id, when each server granted it. */
  readonly grants: Map<string, Map<number, number>>;
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
  /** Per server the newest generation it has met since its last loss. */
  private readonly generation = new Map<number, number>();
  private readonly lastWins = new Map<string, Claim[]>();

  constructor(
    private readonly history: History,
    private readonly servers: number,
  ) {}

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
    this.generation.delete(server.index);
    for (const key of this.newest.keys()) {
      if (key.startsWith(`${server.index} `)) this.newest.delete(key);
    }
  }

  asked(voter: Voter, claims: readonly Claim[]): void {
    for (const claim of claims) this.storyOf(claim).askers.add(voter.instanceId);
  }

  voted(server: Server, voter: Voter, claim: Claim, vote: ClaimVote): void {
    this.history.count(vote.kind);
    this.checkFloor(server);
    if (vote.kind === 'outdated') this.history.count('fenced by a newer node set');
    else this.checkGeneration(server, voter, vote);
    if (vote.kind === 'taken' && vote.claimId === claim.claimId) {
      this.history.fail('a claim that is sent twice is granted twice', this.nameOf(server, claim));
    }
    if (vote.kind === 'granted') this.granted(server, claim);
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

  /** The owner has decided never to run it. */
  gaveBack(claim: Claim): void {
    if (this.givenBack.has(claim.claimId)) return;
    this.givenBack.add(claim.claimId);
    const story = this.storyOf(claim);
    if ((story.grants.get(claim.claimId)?.size ?? 0) > 0) {
      story.wasGivenBack = true;
      this.history.count('given back');
    }
  }

  /** A server has taken a give-back in. */
  forgot(server: Server, claim: Claim): void {
    const key = `${server.index} ${claim.task}`;
    if (this.newest.get(key)?.claimId === claim.claimId) this.newest.delete(key);
  }

  private granted(server: Server, claim: Claim): void {
    const nowMs = this.history.nowMs();
    const { grants } = this.storyOf(claim);
    const granted = grants.get(claim.claimId) ?? new Map<number, number>();
    grants.set(claim.claimId, granted);
    if (granted.has(server.index)) this.history.count('granted again');
    else granted.set(server.index, nowMs);
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
      ([claimId, servers]) => servers.size * 2 > this.servers && !this.givenBack.has(claimId),
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
    const own = story.grants.get(claim.claimId) ?? new Map<number, number>();
    for (const other of wins) {
      if (this.givenBack.has(other.claimId)) continue;
      const theirs = this.storyOf(other).grants.get(other.claimId) ?? new Map<number, number>();
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

  private checkGeneration(server: Server, voter: Voter, vote: ClaimVote): void {
    const newest = this.generation.get(server.index) ?? 0;
    if (vote.kind === 'granted' && voter.generation < newest) {
      this.history.fail(
        'a node obeys the newest node set',
        `node ${server.index + 1} to ${voter.instanceId}`,
      );
    }
    this.generation.set(server.index, Math.max(newest, voter.generation));
  }

  private checkFloor(server: Server): void {
    const restoredMs = server.takeRestoredFloor();
    if (restoredMs === undefined || (server.model.snapshot().ledger.memory?.floor ?? 0) >= restoredMs) return;
    this.history.fail('a restored floor does not fall', `node ${server.index + 1}`);
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
    return `node ${server.index + 1}: ${nameOf(claim)}`;
  }
}

function nameOf({ task, tick }: Claim): string {
  return `${task}@${tick - EPOCH_MS}`;
}
