/**
 * Give-backs that a node may not have acted on. A copy of the claim under way, applied afterwards, would lose the tick.
 * So none is confirmed while a copy is unanswered, until the node's clock has passed its deadline by MARGIN.
 */

import { MARGIN_MS } from '../contract/constants.js';
import { dropOldest } from '../contract/drop-oldest.js';
import type { Claim } from '../contract/ports.js';

/** Enough for a thousand tasks that lose some bids in a row. The oldest go. */
const MAX_KEPT = 10_000;
/** In one message: small enough for a slow link within the node timeout. */
export const MAX_PER_MESSAGE = 1_000;
const MAX_COPIES = 20_000;

/** A claim that was sent once, until its answer comes. */
export interface Copy {
  readonly key: string;
  /** In node time; after it the node refuses this copy, however its clock may have stepped back within MARGIN. */
  readonly deadlineMs: number;
}

interface Kept {
  readonly claim: Claim;
  isUnderWay: boolean;
}

/** Give-backs that leave as one message. */
export interface Batch {
  readonly claims: readonly Claim[];
  /** Per claim the latest deadline of copies that had no answer when the message left; none where all had. */
  readonly untilMs: readonly number[];
}

export class UnconfirmedGiveBacks {
  /** Oldest first. */
  private readonly kept = new Map<string, Kept>();
  /** Deadlines of the copies without an answer. */
  private readonly copies = new Map<string, number[]>();
  /** The latest deadline of copies that are no longer remembered. */
  private forgottenUntilMs = 0;

  /** A copy of each claim leaves now. `deadlineMs` is that of the message, 0 for none. */
  sent(claims: readonly Claim[], deadlineMs: number): readonly Copy[] {
    const sent = claims.map((claim) => {
      const key = keyOf(claim);
      // A copy without a deadline ends when the node would refuse it as late.
      const lateMs = claim.tick + claim.maxLatenessMs;
      const refusedMs = deadlineMs > 0 ? Math.min(deadlineMs, lateMs) : lateMs;
      const copy = { key, deadlineMs: refusedMs + MARGIN_MS };
      const before = this.copies.get(key);
      if (before === undefined) this.copies.set(key, [copy.deadlineMs]);
      else before.push(copy.deadlineMs);
      return copy;
    });
    this.forgetSurplusCopies();
    return sent;
  }

  answered(copies: readonly Copy[]): void {
    for (const { key, deadlineMs } of copies) {
      const left = this.copies.get(key);
      const index = left?.indexOf(deadlineMs) ?? -1;
      if (index >= 0) left?.splice(index, 1);
      if (left?.length === 0) this.copies.delete(key);
    }
  }

  /** The node's clock has shown this: copies whose deadline has passed are refused from now on. */
  passed(nodeTimeMs: number): void {
    const shownMs = Math.floor(nodeTimeMs);
    for (const [key, deadlines] of this.copies) {
      // Every answer of the node comes by, and hardly ever has a deadline passed.
      if (!deadlines.some((deadlineMs) => deadlineMs < shownMs)) continue;
      const left = deadlines.filter((deadlineMs) => deadlineMs >= shownMs);
      if (left.length === 0) this.copies.delete(key);
      else this.copies.set(key, left);
    }
  }

  add(claims: readonly Claim[]): void {
    for (const claim of claims) {
      const key = keyOf(claim);
      if (!this.kept.has(key)) this.kept.set(key, { claim, isUnderWay: false });
    }
    dropOldest(this.kept, MAX_KEPT);
  }

  /** What is to be sent now; undefined for nothing. It is under way until it is settled. */
  take(): Batch | undefined {
    const claims: Claim[] = [];
    for (const kept of this.kept.values()) {
      if (claims.length >= MAX_PER_MESSAGE) break;
      if (kept.isUnderWay) continue;
      kept.isUnderWay = true;
      claims.push(kept.claim);
    }
    return claims.length === 0
      ? undefined
      : { claims, untilMs: claims.map((claim) => this.unansweredUntilMs(keyOf(claim))) };
  }

  /** @returns node time after which the next answer confirms the rest; undefined: nothing is left, or nothing known */
  settle({ claims, untilMs }: Batch, nodeTimeMs: number | undefined): number | undefined {
    let latestMs: number | undefined;
    for (const [index, claim] of claims.entries()) {
      const key = keyOf(claim);
      const kept = this.kept.get(key);
      if (kept !== undefined) kept.isUnderWay = false;
      const deadlineMs = untilMs[index] ?? 0;
      if (nodeTimeMs === undefined) continue;
      if (Math.floor(nodeTimeMs) > deadlineMs) this.kept.delete(key);
      else latestMs = Math.max(latestMs ?? 0, deadlineMs);
    }
    return latestMs;
  }

  get size(): number {
    return this.kept.size;
  }

  private unansweredUntilMs(key: string): number {
    return Math.max(this.forgottenUntilMs, ...(this.copies.get(key) ?? []));
  }

  private forgetSurplusCopies(): void {
    for (const [key, deadlines] of this.copies) {
      if (this.copies.size <= MAX_COPIES) return;
      this.copies.delete(key);
      this.forgottenUntilMs = Math.max(this.forgottenUntilMs, ...deadlines);
    }
  }
}

/** A claim of a task that runs once stands in two lines of the ledger. */
function keyOf({ task, claimId }: Claim): string {
  return `${claimId} ${task}`;
}
