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
  /** The memories that every message of the round names; undefined: whatever answers. */
  readonly ids?: LedgerIds | undefined;
  readonly value?: string | undefined;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
}

/** The engine tells only for or against; contention, a lost lock and a silent majority must stay distinct. */
export class LockRound {
  /** Resolves when a majority is against, or every node has noted its vote: what follows grants nothing. */
  readonly decided: Promise<void>;
  /** The engine's random value; undefined until it has sent the first message of an acquire. */
  value: string | undefined;
  private readonly votes: LockVote[] = [];
  private readonly grantedBy = new Set<string>();
  private markDecided: () => void = () => {};

  constructor(readonly parts: LockRoundParts) {
    this.value = parts.value;
    this.decided = new Promise((resolve) => {
      this.markDecided = resolve;
    });
  }

  note(vote: LockVote, position: string): void {
    this.votes.push(vote);
    if (vote.kind === 'acquired' || vote.kind === 'extended') this.grantedBy.add(position);
    if (isRefusalFinal(this.votes, this.parts.nodes)) this.markDecided();
  }

  get grants(): LockGrants {
    return { by: this.grantedBy, of: this.parts.nodes };
  }

  acquireVerdict(): ReturnType<typeof decideAcquire> {
    return decideAcquire(this.votes, this.parts.nodes);
  }

  extendVerdict(): ReturnType<typeof decideExtend> {
    return decideExtend(this.votes, this.parts.nodes);
  }
}
