/**
 * What the holder of a lease claimed, and how it ended. Renewals show it: a node that knows a later claim of another
 * refuses them, as that successor was given the lock and must not run beside the holder.
 */

import { type AttemptEnd, type LineEnds, MAX_ENDS } from '../contract/attempt-end.js';
import { dropOldest } from '../contract/drop-oldest.js';
import type { Outcome } from '../contract/outcome.js';
import type { Claim, ShownClaims } from '../contract/ports.js';

/** A holder whose claims are refused one after the other must not gather their ids for ever. The oldest go. */
const MAX_OPEN = 64;

export interface LeaseClaimsParts {
  /** The line of the ledger in which the runs of the task stand. */
  readonly line: string;
  /** Where runs may overlap: the last instant of the tick that runs under the lease now. Later ones are those of other runs. */
  readonly lastInstant?: (() => number) | undefined;
}

export class LeaseClaims {
  private wonInstant = 0;
  private wonId = '';
  private ends: readonly AttemptEnd[] = [];
  /** Claims for later instants than the newest one won, by id. Surrendered ones are among them: they may stand for a while. */
  private readonly open = new Map<string, number>();
  private opens = 0;

  constructor(private readonly parts: LeaseClaimsParts) {}

  /** A copy of the claim leaves now. */
  opened({ claimId, tick }: Claim): void {
    this.opens += 1;
    this.open.set(claimId, tick);
    dropOldest(this.open, MAX_OPEN);
  }

  /** How many copies of claims have left so far: a verdict on a renewal is about those before it. */
  get openedCount(): number {
    return this.opens;
  }

  won({ tick, claimId }: Claim): void {
    if (tick >= this.wonInstant) this.wonId = claimId;
    this.wonInstant = Math.max(this.wonInstant, tick);
    for (const [claimId, instant] of this.open) if (instant <= this.wonInstant) this.open.delete(claimId);
  }

  /** What ran under the newest claim that was won is over. */
  ended(outcome: Outcome): void {
    this.note({ instant: this.wonInstant, claimId: this.wonId, outcome });
  }

  /** No run belongs to this claim (given back, or only a closing), so the audit must not take it for a dead one. */
  noteNoRun({ tick, claimId }: Pick<Claim, 'tick' | 'claimId'>): void {
    this.note({ instant: tick, claimId, outcome: 'stopped' });
  }

  private note(end: AttemptEnd): void {
    this.ends = [...this.ends.slice(1 - MAX_ENDS), end];
  }

  /** What has ended since this was asked last, for the nodes; undefined for nothing. */
  takeEnds(): LineEnds | undefined {
    const { ends } = this;
    const { line, lastInstant } = this.parts;
    this.ends = [];
    if (ends.length === 0) return undefined;
    return { line, ends, ...(lastInstant !== undefined && { mayOverlap: true }) };
  }

  /** As a renewal that leaves now shows them. */
  shown(): ShownClaims {
    const { line, lastInstant } = this.parts;
    return {
      line,
      won: this.wonInstant,
      ...(lastInstant !== undefined && { upTo: lastInstant() }),
      open: [...this.open.keys()],
    };
  }
}
