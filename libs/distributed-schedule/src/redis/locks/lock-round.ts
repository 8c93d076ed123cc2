import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { Claim, LockGrants, ShownClaims } from '../../protocol/contract/ports.js';
import {
  decideAcquire,
  decideExtend,
  isRefusalFinal,
  type LockVote,
} from '../../protocol/lease/lock-verdict.js';
import type { LockWords } from '../scripts/lock-words.js';
import type { EngineEnd } from './redlock-engine.js';

export interface LockRoundParts {
  readonly key: string;
  readonly nodes: number;
  readonly ttlMs?: number | undefined;
  /** Undefined: it gets the engine's random one with the first message. */
  readonly value?: string | undefined;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
  /** That goes with it. */
  readonly claim?: Claim | undefined;
}

/** One lock that is asked for, renewed or released. The engine tells only for or against; contention, a lost lock and a silent majority must stay distinct. */
export class LockRound implements LockWords {
  readonly key: string;
  readonly ttlMs: number;
  readonly claims: ShownClaims | undefined;
  readonly ended: LineEnds | undefined;
  readonly claim: Claim | undefined;
  /** Empty until the engine has sent the first message of an acquire. */
  value: string;
  /** What the engine said of it; undefined while it is asked. */
  end: EngineEnd | undefined;
  private readonly nodes: number;
  private readonly votes: LockVote[] = [];
  private readonly grantedBy = new Set<string>();
  /** By the index of the node. */
  private readonly inFavour: boolean[] = [];

  constructor({ key, nodes, ttlMs = 0, value = '', claims, ended, claim }: LockRoundParts) {
    this.key = key;
    this.nodes = nodes;
    this.ttlMs = ttlMs;
    this.value = value;
    this.claims = claims;
    this.ended = ended;
    this.claim = claim;
  }

  note(vote: LockVote, node: number, position: string): void {
    this.votes.push(vote);
    if (vote.kind !== 'acquired' && vote.kind !== 'extended') return;
    this.grantedBy.add(position);
    this.inFavour[node] = true;
  }

  hasGrantOf(node: number): boolean {
    return this.inFavour[node] === true;
  }

  /** A majority is against, or every node has noted its vote: what follows grants nothing. */
  get isRefused(): boolean {
    return isRefusalFinal(this.votes, this.nodes);
  }

  get grants(): LockGrants {
    return { by: this.grantedBy, of: this.nodes };
  }

  acquireVerdict(): ReturnType<typeof decideAcquire> {
    return decideAcquire(this.votes, this.nodes);
  }

  extendVerdict(): ReturnType<typeof decideExtend> {
    return decideExtend(this.votes, this.nodes);
  }
}
