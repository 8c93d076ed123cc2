/**
 * What must be true of renewals: a lease that lives is held by every node that is well, none is prolonged after a successor, and none
 * is lost for nothing. Keeps what nodes have granted a second time, through the eyes of the claim witness.
 */

import type { ExtendVote } from '#src/memory/lock-ask.js';
import type { Claim, HeldLock, LockToExtend } from '#src/protocol/contract/ports.js';
import type { Server } from '../world/server.js';
import type { ClaimWitness } from './claim-witness.js';
import type { History } from './history.js';
import type { ReleaseWitness } from './release-witness.js';

export interface Renewal {
  readonly lock: LockToExtend;
  readonly instanceId: string;
  /** When the message left. */
  readonly sentMs: number;
  readonly vote: ExtendVote;
  /** Whose lock stood there before, if any. */
  readonly stood: string | undefined;
}

export class RenewalWitness {
  /** By claim id. */
  private readonly askedMs = new Map<string, number>();
  /** By value. */
  private readonly acquiredMs = new Map<string, number>();

  constructor(
    private readonly history: History,
    private readonly claims: Pick<ClaimWitness, 'newestAt'>,
    private readonly releases: Pick<ReleaseWitness, 'checkRival'>,
  ) {}

  nowMs(): number {
    return this.history.nowMs();
  }

  asked(claims: readonly Claim[]): void {
    for (const { claimId } of claims)
      if (!this.askedMs.has(claimId)) this.askedMs.set(claimId, this.history.nowMs());
  }

  acquired({ value }: HeldLock): void {
    this.acquiredMs.set(value, this.history.nowMs());
  }

  answered(server: Server, renewal: Renewal): void {
    const { lock, instanceId, vote, stood } = renewal;
    if (vote === 'extended') {
      if (stood === undefined) this.history.count('a lock is made again');
      this.checkNoSuccessor(server, renewal);
    } else if (vote === 'lost') {
      this.history.count('a renewal is refused');
      if (stood !== undefined && stood !== lock.value)
        this.releases.checkRival({ task: lock.task, value: stood }, server, instanceId);
      else this.checkSuccessor(server, renewal);
    }
  }

  private checkNoSuccessor(server: Server, { lock, instanceId }: Renewal): void {
    const successor = successorOf(lock, this.claims.newestAt(server, lock.claims?.line ?? ''));
    if (successor === undefined) return;
    this.history.fail(
      'no renewal after a successor',
      `${server.label}: ${lock.task} of ${instanceId} after ${successor}`,
    );
  }

  /** What a node refuses though nobody else has the lock there must have been claimed by somebody else. */
  private checkSuccessor(server: Server, renewal: Renewal): void {
    const { lock, instanceId } = renewal;
    // Out of a file, too: by what the node itself remembers.
    const entry = server.model.snapshot().ledger.entries.get(lock.claims?.line ?? '');
    const successor = successorOf(lock, entry);
    if (successor !== undefined && !this.isOwn(successor, renewal)) return;
    this.history.fail(
      'a lease stands where nobody came after it',
      `${server.label}: ${lock.task} of ${instanceId}`,
    );
  }

  /** Whether it was made under this very lease, before the renewal left. */
  private isOwn(claimId: string, { lock: { value }, instanceId, sentMs }: Renewal): boolean {
    const askedMs = this.askedMs.get(claimId) ?? Number.NEGATIVE_INFINITY;
    const acquiredMs = this.acquiredMs.get(value) ?? Number.POSITIVE_INFINITY;
    return claimId.startsWith(`${instanceId}:`) && askedMs >= acquiredMs && askedMs < sentMs;
  }
}

/** The claim, of those that the node knows, that came after the lease. */
function successorOf(
  { claims }: LockToExtend,
  newest: { readonly tick: number; readonly claimId: string } | undefined,
): string | undefined {
  if (claims === undefined || newest === undefined) return undefined;
  const { won, upTo = Number.POSITIVE_INFINITY, open } = claims;
  const isSuccessor = newest.tick > won && newest.tick <= upTo && !open.includes(newest.claimId);
  return isSuccessor ? newest.claimId : undefined;
}
