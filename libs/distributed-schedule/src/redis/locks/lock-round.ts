import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type { LockGrants, ShownClaims } from '../../protocol/contract/ports.js';
import {
  decideAcquire,
  decideExtend,
  isRefusalFinal,
  type LockVote,
} from '../../protocol/lease/lock-verdict.js';

export interface LockRoundParts {
  readonly key: string;
  readonly nodes: number;
  readonly ids?: LedgerIds | undefined;
  readonly value?: string | undefined;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
}

/**
 * One request of the engine about one lock, and what each node said.
 *
 * The engine only tells for or against. Contention, a lost lock and a silent majority must stay distinct, so the
 * nodes note their votes here and the verdict is read from them.
 */
export class LockRound {
  /** Resolves when a majority is against, or every node has noted its vote: what follows grants nothing. */
  readonly decided: Promise<void>;
  readonly key: string;
  /** The engine's random value; undefined until it has sent the first message of an acquire. */
  value: string | undefined;
  /** The memories that every message of the round names; undefined: whatever answers. */
  readonly ids: LedgerIds | undefined;
  /** What a renewal shows. */
  readonly claims: ShownClaims | undefined;
  /** What a release brings. */
  readonly ended: LineEnds | undefined;
  private readonly nodeCount: number;
  private readonly votes: LockVote[] = [];
  private readonly grantedBy = new Set<string>();
  private markDecided: () => void = () => {};

  constructor({ key, nodes, ids, value, claims, ended }: LockRoundParts) {
    this.key = key;
    this.claims = claims;
    this.ended = ended;
    this.value = value;
    this.ids = ids;
    this.nodeCount = nodes;
    this.decided = new Promise((resolve) => {
      this.markDecided = resolve;
    });
  }

  /** @param position of the node that says so */
  note(vote: LockVote, position: string): void {
    this.votes.push(vote);
    if (vote.kind === 'acquired' || vote.kind === 'extended') this.grantedBy.add(position);
    if (isRefusalFinal(this.votes, this.nodeCount)) this.markDecided();
  }

  /** Who has granted the request, so far. */
  get grants(): LockGrants {
    return { by: this.grantedBy, of: this.nodeCount };
  }

  /** What the votes on an acquire mean. */
  acquireVerdict(): ReturnType<typeof decideAcquire> {
    return decideAcquire(this.votes, this.nodeCount);
  }

  /** What the votes on a renewal mean. */
  extendVerdict(): ReturnType<typeof decideExtend> {
    return decideExtend(this.votes, this.nodeCount);
  }
}
