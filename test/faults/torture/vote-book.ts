/** What the replicas have told about the nodes' votes: where to strike, and how much a run has tried. */

import type { StartLine, VoteSeen } from './messages.js';
import { subjectOf, type TickOfSet } from './start-record.js';

interface Subject {
  /** Who was granted this tick, by node. */
  readonly grants: Map<number, Set<string>>;
  readonly votes: (VoteSeen & { readonly atMs: number })[];
}

/** A grant that has just been seen. */
export interface FreshGrant {
  readonly node: number;
  /** Every node that has granted this tick to this replica. */
  readonly nodes: readonly number[];
}

/** Why a vote that had been forgotten was not given twice: by the floor, or because the new memory had no vote yet. */
export interface Refusals {
  readonly byFloor: number;
  readonly withoutVote: number;
}

export class VoteBook {
  private readonly subjects = new Map<string, Subject>();
  private readonly waiting = new Map<string, Set<(grant: FreshGrant) => void>>();
  private contestedTicks = 0;

  add(vote: VoteSeen): void {
    const subject = this.at(vote);
    subject.votes.push({ ...vote, atMs: Date.now() });
    if (vote.vote !== 'granted') return;
    const wasContested = isContested(subject);
    const granted = subject.grants.get(vote.node) ?? new Set<string>();
    subject.grants.set(vote.node, granted.add(vote.replica));
    if (!wasContested && isContested(subject)) this.contestedTicks += 1;
    const nodes = [...subject.grants].flatMap(([node, to]) => (to.has(vote.replica) ? [node] : []));
    for (const listener of this.waiting.get(vote.set) ?? []) listener({ node: vote.node, nodes });
  }

  /** The next grant in a set to a replica that then has votes of at least so many nodes; undefined after `withinMs`. */
  nextGrant(set: string, leastNodes: number, withinMs: number): Promise<FreshGrant | undefined> {
    const listeners = this.waiting.get(set) ?? new Set();
    this.waiting.set(set, listeners);
    return new Promise((resolve) => {
      const end = (grant?: FreshGrant): void => {
        clearTimeout(timer);
        listeners.delete(listener);
        resolve(grant);
      };
      const listener = (grant: FreshGrant): void => {
        if (grant.nodes.length >= leastNodes) end(grant);
      };
      const timer = setTimeout(end, withinMs);
      listeners.add(listener);
    });
  }

  /** Ticks for which at least two instances were each granted a vote. */
  get contested(): number {
    return this.contestedTicks;
  }

  /**
   * How often a node that had granted a tick to its winner was asked for it again by somebody else after a loss, and
   * abstained: each of these is a vote that a ledger without memory would have given twice.
   */
  forgottenAndRefused(starts: ReadonlyMap<string, readonly StartLine[]>): Refusals {
    const refusals = { byFloor: 0, withoutVote: 0 };
    for (const [name, { grants, votes }] of this.subjects) {
      const winner = starts.get(name)?.[0]?.replica;
      if (winner === undefined) continue;
      for (const { vote, node, replica } of votes) {
        if (replica === winner || grants.get(node)?.has(winner) !== true) continue;
        if (vote === 'quarantined') refusals.byFloor += 1;
        if (vote === 'unconfirmed') refusals.withoutVote += 1;
      }
    }
    return refusals;
  }

  /** The votes on a tick, for people. */
  storyOf(tick: TickOfSet): readonly { readonly atMs: number; readonly what: string }[] {
    return this.at(tick).votes.map(({ atMs, node, vote, replica }) => ({
      atMs,
      what: `node ${node + 1} ${vote} to ${replica}`,
    }));
  }

  private at(tick: TickOfSet): Subject {
    const name = subjectOf(tick);
    const subject = this.subjects.get(name) ?? { grants: new Map<number, Set<string>>(), votes: [] };
    this.subjects.set(name, subject);
    return subject;
  }
}

function isContested({ grants }: Subject): boolean {
  return new Set([...grants.values()].flatMap((replicas) => [...replicas])).size > 1;
}
