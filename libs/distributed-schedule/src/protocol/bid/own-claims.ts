/** What became of our claims. A surrendered one that still stands looks to others as if it will run; its owner knows better. */

import { dropOldest } from '../contract/drop-oldest.js';
import { claimedInstant, type DueTick, tickKey } from '../contract/due-tick.js';
import type { Claim } from '../contract/ports.js';
import { closingInstant, looksBack } from '../contract/task-policies.js';

/** A few ticks of a thousand tasks. A claim that is no longer remembered is taken for somebody else's. */
const MAX_REMEMBERED = 10_000;

export type ClaimFate = 'open' | 'won' | 'surrendered';

interface Settled {
  readonly claim: Claim;
  readonly fate: ClaimFate;
  /** Some node may have granted it and not taken it back yet. */
  readonly mayStand: boolean;
}

export class OwnClaims {
  private readonly byId = new Map<string, Settled>();
  /** By task and instant, what was surrendered and may stand. */
  private readonly leftBehind = new Map<string, Claim>();

  /** Before its first copy is sent. Another bid of this instance may find it, and must not take it for somebody else's. */
  opened(claim: Claim): void {
    this.settle({ claim, fate: 'open', mayStand: true });
  }

  won(claim: Claim): void {
    this.settle({ claim, fate: 'won', mayStand: true });
    this.leftBehind.delete(tickKey(claim));
  }

  /** Before the first give-back. Remembered even if no node granted it: a copy that was doubled on its way may be granted yet. */
  surrendered(claim: Claim, mayStand = true): void {
    this.settle({ claim, fate: 'surrendered', mayStand });
    if (!mayStand) return;
    this.leftBehind.set(tickKey(claim), claim);
    dropOldest(this.leftBehind, MAX_REMEMBERED);
  }

  /** The newest surrendered claim of the tick, of which others may have been told; once. */
  takeLeftBehind(tick: Pick<Claim, 'task' | 'tick'>): Claim | undefined {
    const claim = this.leftBehind.get(tickKey(tick));
    this.leftBehind.delete(tickKey(tick));
    return claim;
  }

  /** While its answer is looked at: what it has met is judged by the other claims of this instance, not by itself. */
  setAside(claim: Claim): void {
    this.byId.delete(claim.claimId);
  }

  /** Undefined for a claim of another instance. */
  fateOf(claimId: string | undefined): ClaimFate | undefined {
    return claimId === undefined ? undefined : this.byId.get(claimId)?.fate;
  }

  /** The same of the instants from `first` to `last`, of claims that may stand: won if one of them was. */
  fateBetween(task: string, first: number, last: number): ClaimFate | undefined {
    let fate: ClaimFate | undefined;
    for (const { claim, fate: one, mayStand } of this.byId.values()) {
      if (!mayStand || claim.task !== task || claim.tick < first || claim.tick > last) continue;
      if (one === 'won') return one;
      fate = one;
    }
    return fate;
  }

  private settle(settled: Settled): void {
    const { claimId } = settled.claim;
    this.byId.delete(claimId);
    this.byId.set(claimId, settled);
    dropOldest(this.byId, MAX_REMEMBERED);
  }
}

/** Undefined: another instance's claim. Where nodes have moved past and name nobody, our own later claims tell. */
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
