/** What the newest answer of each node says, and what others noted about it; our own changes are entered at once. */

import { isNewerId, isOutrankedBy, type LedgerId } from '../contract/ledger-id.js';
import type { NodeIdentity } from '../contract/node-identity.js';
import { isProvisional, mustMeet, type NodeSet, notesNeeded, setText } from '../contract/node-set.js';
import { quorumOf } from '../contract/quorum.js';

export interface KnownNode {
  readonly position: string;
  readonly label: string;
  identity: NodeIdentity | undefined;
  /** How many live instances the node has told, whatever their sets. */
  members: number;
  /** It answered the newest beat. */
  answersNow: boolean;
  /** Monotonic instant of its newest answer. */
  answeredAtMs: number;
}

/**
 * - `votes`         its id has a vote, and nobody knows a newer one
 * - `no_vote`       its memory is new: the other nodes have yet to note its id
 * - `wrong_server`  enough other nodes have noted a newer id: another server stands at this position for everybody
 * - `superseded`    some other node has noted a newer id, and would refuse every claim that names this one; or the other way round, while
 *                   more nodes agree without this one
 * - `unknown`       it has not answered yet
 */
export type IdStanding = 'votes' | 'no_vote' | 'wrong_server' | 'superseded' | 'unknown';

/** The set on record at a node, compared to ours. `provisional`: ours, in the first round of a first start. */
export type StampStanding = 'own' | 'provisional' | 'meets' | 'none' | 'older' | 'newer' | 'foreign';

export function unknownNode(position: string, label: string): KnownNode {
  return {
    position,
    label,
    identity: undefined,
    members: 0,
    answersNow: false,
    answeredAtMs: Number.NEGATIVE_INFINITY,
  };
}

export function stampStandingOf({ stamp }: Pick<NodeIdentity, 'stamp'>, set: NodeSet): StampStanding {
  if (stamp === undefined) return 'none';
  if (setText(stamp.set) === setText(set)) return isProvisional(stamp) ? 'provisional' : 'own';
  if (stamp.set.generation !== set.generation) {
    return stamp.set.generation > set.generation ? 'newer' : 'older';
  }
  return mustMeet(stamp.set, set) ? 'meets' : 'foreign';
}

/** What the noter has answered to the newest beat is older than what it knows by now. */
export function enterNoted(known: readonly KnownNode[], noter: string, position: string, id: LedgerId): void {
  const node = known.find((one) => one.position === noter);
  if (node?.identity === undefined) return;
  node.identity = { ...node.identity, noted: { ...node.identity.noted, [position]: id } };
}

/** Whether claims of the set pass the set on record there. */
export function letsClaimsPass(standing: StampStanding): boolean {
  return standing === 'own' || standing === 'meets';
}

/** The newest id of each position that enough other nodes have noted. */
export class NotedIds {
  private readonly remembered = new Map<string, LedgerId>();

  constructor(private readonly set: NodeSet) {}

  /** Reads the newest answers. What too few nodes can confirm or deny now stays as it was. */
  read(nodes: readonly KnownNode[]): void {
    for (const { position } of nodes) {
      const others = nodes.filter((node) => node.position !== position && node.answersNow);
      const noted = others.flatMap(({ identity }) => identity?.noted[position] ?? []);
      const enough = noted.filter((id) => count(noted, id) >= Math.max(1, notesNeeded(this.set)));
      const newest = enough.reduce<LedgerId | undefined>(
        (best, id) => (best === undefined || isNewerId(id, best) ? id : best),
        undefined,
      );
      if (newest !== undefined) this.remembered.set(position, newest);
      // All others have been asked, and no id has enough notes: nothing that was known before holds any more.
      else if (others.length === nodes.length - 1) this.remembered.delete(position);
    }
  }

  newestOf(position: string): LedgerId | undefined {
    return this.remembered.get(position);
  }

  standingOf(node: KnownNode, nodes: readonly KnownNode[]): IdStanding {
    const { identity, position } = node;
    if (identity === undefined) return 'unknown';
    if (!identity.hasVote) return 'no_vote';
    if (isOutrankedBy(identity.id, this.newestOf(position))) return 'wrong_server';
    const isRefused = nodes.some((other) => other !== node && refuses(other, node));
    return isRefused ? 'superseded' : 'votes';
  }
}

/** The largest group without a newer id of each other: one old server with high counters costs only its own vote. */
export function agreeing(nodes: readonly KnownNode[]): ReadonlySet<KnownNode> {
  const left = new Set(nodes.filter(({ identity }) => identity?.hasVote === true));
  for (;;) {
    const conflicts = [...left].map((node) => ({ node, ...conflictsOf(node, left) }));
    const worst = conflicts.reduce<(typeof conflicts)[number] | undefined>(
      (most, one) => (most === undefined || weigh(one) > weigh(most) ? one : most),
      undefined,
    );
    if (worst === undefined || weigh(worst) === 0) return left;
    left.delete(worst.node);
  }
}

/** Of two that disagree alone the one goes whose id is the older one. */
function weigh({ count, isOutranked }: { readonly count: number; readonly isOutranked: boolean }): number {
  return count + (isOutranked ? 0.5 : 0);
}

function conflictsOf(
  node: KnownNode,
  among: ReadonlySet<KnownNode>,
): { readonly count: number; readonly isOutranked: boolean } {
  let count = 0;
  let isOutranked = false;
  for (const other of among) {
    if (other === node) continue;
    const isRefused = refuses(other, node);
    if (isRefused || refuses(node, other)) count += 1;
    isOutranked ||= isRefused;
  }
  return { count, isOutranked };
}

function refuses({ identity }: KnownNode, other: KnownNode): boolean {
  return other.identity !== undefined && isOutrankedBy(other.identity.id, identity?.noted[other.position]);
}

/** The nodes that answered the newest beat, if they are a majority. */
export function isMajority(answers: number, { positions }: NodeSet): boolean {
  return answers >= quorumOf(positions.length);
}

function count(ids: readonly LedgerId[], id: LedgerId): number {
  return ids.filter((one) => one === id).length;
}
