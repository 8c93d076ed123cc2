/**
 * What has become of the claims of this instance. A claim is open, then won or given up, finally. To everybody else a claim that
 * was given up and still stands looks like one that will be run; its owner knows better.
 */

import { claimedInstant, type DueTick } from './due-tick.js';
import type { Claim } from './ports.js';
import { closingInstant, looksBack } from './task-policies.js';

/** A few ticks of a thousand tasks. A claim that is no longer remembered is taken for somebody else's. */
const MOST_REMEMBERED = 10_000;

export type ClaimFate = 'won' | 'given_up';

export class OwnClaims {
  private readonly byId = new Map<string, { readonly claim: Claim; readonly fate: ClaimFate }>();

  won(claim: Claim): void {
    this.settle(claim, 'won');
  }

  /** Before the first give-back is sent. */
  gaveUp(claim: Claim): void {
    this.settle(claim, 'given_up');
  }

  /** Undefined for a claim of another instance, and for one that is open. */
  fateOf(claimId: string | undefined): ClaimFate | undefined {
    return claimId === undefined ? undefined : this.byId.get(claimId)?.fate;
  }

  /** The same of the instants from `first` to `last`: won if one of them was. */
  fateBetween(task: string, first: number, last: number): ClaimFate | undefined {
    let fate: ClaimFate | undefined;
    for (const { claim, fate: one } of this.byId.values()) {
      if (claim.task !== task || claim.tick < first || claim.tick > last) continue;
      if (one === 'won') return one;
      fate = one;
    }
    return fate;
  }

  private settle(claim: Claim, fate: ClaimFate): void {
    this.byId.delete(claim.claimId);
    this.byId.set(claim.claimId, { claim, fate });
    for (const claimId of this.byId.keys()) {
      if (this.byId.size <= MOST_REMEMBERED) return;
      this.byId.delete(claimId);
    }
  }
}

/**
 * Whose the claim is that has this instant of a tick: of this instance, with its fate, or undefined for somebody else's. Nodes that have moved
 * past the tick name nobody. Then it is this instance's own past that tells, since further attempts and the end of a tick are
 * claimed at the instants after it.
 */
export function whoseClaim(
  own: Pick<OwnClaims, 'fateOf' | 'fateBetween'>,
  due: DueTick,
  claimId: string | undefined,
): ClaimFate | undefined {
  if (claimId !== undefined) return own.fateOf(claimId);
  const { name, policies } = due.task;
  const hasFurtherInstants = policies !== undefined && (looksBack(policies) || policies.retry !== undefined);
  const first = claimedInstant(due);
  return own.fateBetween(name, first, hasFurtherInstants ? closingInstant(due.tick) : first);
}
