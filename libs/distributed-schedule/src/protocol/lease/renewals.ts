/** Renewals of the leases that are kept: all that are due soon in one message, and of each lease one at a time. */

import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, ExtendVerdict, LockProvider } from '../contract/ports.js';
import { RENEWALS_PER_TTL } from '../options/protocol-options.js';
import { type ClockReading, readClocks } from '../time/clock-reading.js';
import type { Lease } from './lease.js';

/** Pause between attempts while nodes do not answer: several fit into the trust that is left after one third. */
const RETRY_MS = 50;

/** The same while trust is doubted: as often as a connection that has ended is tried again. */
const DOUBTED_RETRY_MS = 20;

/** Renewals that are due so soon leave with those that are due now. */
const TOGETHER_WITHIN_MS = 20;

const NO_VERDICT: ExtendVerdict = { kind: 'no_quorum', reason: 'the lock provider gave no verdict' };

export interface RenewalParts {
  readonly clock: Clock;
  readonly locks: LockProvider;
  readonly observer: ScheduleObserver;
  readonly leaseTtlMs: number;
}

/** A lease whose run goes on, or has ended while a renewal is under way. */
export interface Kept {
  readonly lease: Lease;
  /** When it is to be renewed next, monotonic. */
  dueMs: number;
  /** The renewal under way. */
  renewal: Promise<void> | undefined;
  isFinished: boolean;
}

export class Renewals {
  constructor(
    private readonly parts: RenewalParts,
    private readonly onSettled: () => void,
  ) {}

  /** When a lease is to be renewed if nothing happens before; monotonic. */
  turnOf({ askedAtMs }: Lease): number {
    return askedAtMs + this.parts.leaseTtlMs / RENEWALS_PER_TTL;
  }

  /** Starts those that are due. */
  renewDue(all: Iterable<Kept>): void {
    const nowMs = this.parts.clock.monotonicMs();
    const ready = [...all].filter((kept) => mayRenew(kept));
    if (!ready.some(({ dueMs }) => dueMs <= nowMs)) return;
    const due = ready.filter(({ dueMs }) => dueMs <= nowMs + TOGETHER_WITHIN_MS);
    const renewal = this.renew(due);
    for (const kept of due) kept.renewal = renewal;
  }

  /** One message for all of them. */
  private async renew(due: readonly Kept[]): Promise<void> {
    const { clock, locks, leaseTtlMs } = this.parts;
    const askedAt = readClocks(clock);
    for (const kept of due) kept.dueMs = Number.POSITIVE_INFINITY;
    const openedBefore = due.map(({ lease }) => lease.claims?.openedCount);
    const shown = due.map(({ lease: { lock, claims } }) => ({
      ...lock,
      ...(claims && { claims: claims.shown() }),
    }));
    const verdicts = await locks.extend(shown, leaseTtlMs);
    for (const [index, kept] of due.entries()) {
      const { lease } = kept;
      this.take(kept, verdicts[index] ?? NO_VERDICT, askedAt, openedBefore[index]);
      const nowMs = clock.monotonicMs();
      const nextMs = lease.isDoubted
        ? nowMs + DOUBTED_RETRY_MS
        : Math.max(this.turnOf(lease), nowMs + RETRY_MS);
      // It may have been asked for anew meanwhile.
      kept.dueMs = Math.min(kept.dueMs, nextMs);
      kept.renewal = undefined;
    }
    this.onSettled();
  }

  private take(
    { lease, isFinished }: Kept,
    verdict: ExtendVerdict,
    askedAt: ClockReading,
    openedBefore: number | undefined,
  ): void {
    switch (verdict.kind) {
      case 'extended':
        if (lease.renewedFrom(askedAt, verdict.grants)) {
          const { task, tick, trustedUntilMs } = lease;
          this.parts.observer.observe({ type: 'renewed', task, tick, trustedUntilMs });
        }
        return;
      case 'lost':
        // A claim of ours that overtook the renewal looks like that of a successor: asked again, with that claim shown.
        if (lease.claims?.openedCount !== openedBefore) return;
        if (!isFinished) this.lose(lease, 'a majority of nodes says that the lock is no longer ours');
        return;
      case 'no_quorum':
        return;
      default:
        verdict satisfies never;
    }
  }

  /** Ends trust, and the run. */
  lose(lease: Lease, reason: string): void {
    // Of a run that was given up, that was told before.
    if (!lease.lose(reason) || lease.isLetGo) return;
    const { task, tick } = lease;
    this.parts.observer.observe({ type: 'lease_lost', task, tick, reason });
  }
}

/** Whether it may be renewed now: one attempt in flight, and none for a lease that is let go. */
export function mayRenew({ lease, renewal }: Kept): boolean {
  return renewal === undefined && !lease.isLetGo && lease.isTrusted();
}
