/** Stamps for nodes without one, notes and votes for new memories: after a beat, off every tick's path. Nothing when healthy. */

import type { Clock, VotingNode } from '../contract/ports.js';
import { behindOf, epochOf } from './epochs.js';
import { type GiveVoteParts, giveVote } from './give-vote.js';
import type { KnownNode } from './known-node.js';
import { type PlannedStamp, type SetDecision, STAMP_LIFE_MS } from './set-scene.js';

/** One stamp lets another be decided: provisional everywhere lets the set stand, and an own one lets empty nodes be stamped. */
const MAX_DECISIONS = 4;

export interface UpkeepParts extends Omit<GiveVoteParts, 'others'> {
  readonly nodes: readonly VotingNode[];
  /** From the newest answers and what was done since. */
  readonly decide: () => SetDecision;
  /** Nodes whose ids want a vote, or another number, now. */
  readonly wanting: () => readonly KnownNode[];
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export class Upkeep {
  private running: Promise<void> | undefined;
  private isAskedAgain = false;
  /** Until when the newest stamp may still have been put, by position: its answer, or its deadline. Monotonic. */
  private readonly stampedUntilMs = new Map<string, number>();

  constructor(private readonly parts: UpkeepParts) {}

  /** Starts a round, or has the one that is under way followed by another. */
  request(): void {
    this.isAskedAgain = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** True if one of our stamps may have been applied after that instant: answers sent then need not show it. */
  wasStamping(sinceMs: number): boolean {
    return [...this.stampedUntilMs.values()].some((untilMs) => untilMs > sinceMs);
  }

  /** Resolves when nothing is under way. Never rejects. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    while (this.isAskedAgain) {
      this.isAskedAgain = false;
      try {
        await this.round();
      } catch (error) {
        this.parts.tell({ type: 'error', error, where: 'electorate: upkeep' });
      }
    }
  }

  private async round(): Promise<void> {
    for (let decisions = 0; decisions < MAX_DECISIONS; decisions += 1) {
      const { condition, stamps } = this.parts.decide();
      if (condition !== 'bids' && condition !== 'waits') return;
      if (stamps.length === 0) break;
      const done = await Promise.all(stamps.map((planned) => this.stamp(planned)));
      if (!done.includes(true)) break;
    }
    // First: it takes the vote, and notes that were made before are void.
    const { known, set } = this.parts;
    await Promise.all(behindOf(known, set).map((node) => this.raise(node)));
    await Promise.all(this.parts.wanting().map((node) => this.giveVote(node)));
  }

  private async stamp({ node, request, reason }: PlannedStamp): Promise<boolean> {
    // Its deadline counts from an answer that is older than now.
    this.stampedUntilMs.set(node.position, this.parts.clock.monotonicMs() + STAMP_LIFE_MS);
    const reply = await this.votingNode(node).stamp(request);
    if (reply.answered) this.stampedUntilMs.set(node.position, this.parts.clock.monotonicMs());
    if (!reply.answered || reply.value !== 'stamped' || node.identity === undefined) return false;
    node.identity = { ...node.identity, stamp: request.stamp };
    if (reason !== 'provisional') this.parts.tell({ type: 'stamped', node: node.label, reason });
    return true;
  }

  private async raise(node: KnownNode): Promise<void> {
    const reply = await this.votingNode(node).raiseEpoch(epochOf(this.parts.known, this.parts.set));
    if (!reply.answered || node.identity === undefined) return;
    const { id, epoch, isRaised } = reply.value;
    node.identity = { ...node.identity, id, epoch, ...(isRaised && { hasVote: false, setBackMs: 0 }) };
  }

  private async giveVote(node: KnownNode): Promise<void> {
    const own = this.votingNode(node);
    await giveVote({ ...this.parts, others: this.parts.nodes.filter((other) => other !== own) }, node, own);
  }

  private votingNode({ position }: KnownNode): VotingNode {
    const found = this.parts.nodes.find((node) => node.position === position);
    if (found === undefined) throw new Error(`no node at position ${position}`);
    return found;
  }
}
