/**
 * Keeps the leases of runs in flight alive.
 *
 * ```
 *            every ttl/3, one attempt in flight
 *   held ───────────────► extended ──► held, trust anchored at the attempt's start
 *     │                   no_quorum ─► held, tried again soon while trust lasts
 *     │                   lost ──────► lost: abort at once
 *     ├── let go ───────► not renewed any more: trust ends with its time
 *     ├── presence lost ─► held, renewed at once; trust ends within the store's grace unless that succeeds
 *     └── trust runs out, whatever the store says or does not say ──► lost: abort
 * ```
 */

import { readClocks } from '../time/clock-reading.js';
import { Wakeup } from '../time/wakeup.js';
import { within } from '../time/within.js';
import type { Lease } from './lease.js';
import type { PresenceLoss } from './presence-doubt.js';
import { type Kept, mayRenew, type RenewalParts, Renewals } from './renewals.js';

/** How often per time to live the end of trust is looked for. */
const LOOKS_PER_TTL = 12;

const CONNECTIONS_ENDED =
  'connections to the nodes have ended, and no renewal succeeded before they may take us for dead';

export class LeaseKeeper {
  private readonly kept = new Set<Kept>();
  /** Losses of presence within the last time to live, oldest first. */
  private losses: readonly PresenceLoss[] = [];
  /** One watch for all leases: a timer and a loop for each would cost more than most runs do. */
  private isWatching = false;
  private readonly watch = new Wakeup();
  private nextLookMs = 0;
  private readonly renewals: Renewals;

  constructor(private readonly parts: RenewalParts) {
    this.renewals = new Renewals(parts, () => this.watch.wake());
  }

  leases(): readonly Lease[] {
    return [...this.kept].map(({ lease }) => lease);
  }

  /** Renews every lease without waiting for its turn. */
  renewAll(): void {
    for (const kept of this.kept) kept.dueMs = Number.NEGATIVE_INFINITY;
    this.watch.wake();
  }

  /** A node may free our locks after a short grace. @param position of the node; undefined: unknown */
  lostSight(position: string | undefined): void {
    const loss: PresenceLoss = { since: readClocks(this.parts.clock), position };
    const relevantMs = loss.since.monotonicMs - this.parts.leaseTtlMs;
    this.losses = [...this.losses.filter(({ since }) => since.monotonicMs > relevantMs), loss];
    for (const { lease } of this.kept) lease.lostSight(loss);
    this.renewAll();
  }

  /** Tells a lease that is not kept yet of the losses that came after its lock was acquired. */
  doubtIfPresenceLost(lease: Lease): void {
    // It may have been told of them before.
    for (const loss of this.losses) lease.lostSight(loss);
  }

  /** Keeps `lease` until `run` has settled. Rejects only with what `run` rejects with. */
  async during<T>(lease: Lease, run: () => Promise<T>): Promise<T> {
    const dueMs = lease.isDoubted ? Number.NEGATIVE_INFINITY : this.renewals.turnOf(lease);
    const kept: Kept = { lease, dueMs, renewal: undefined, isFinished: false };
    this.kept.add(kept);
    try {
      const running = run();
      this.keepWatch(kept);
      return await running;
    } finally {
      kept.isFinished = true;
      this.kept.delete(kept);
      if (this.kept.size === 0) this.watch.wake();
      // Released only after the last renewal has settled: a renewal that overtakes the release would revive the lock.
      if (kept.renewal !== undefined)
        await within(this.parts.clock, lease.trustedUntilMs, kept.renewal, undefined);
    }
  }

  private keepWatch(kept: Kept): void {
    if (!this.isWatching) void this.watchAll();
    else if (nextOf(kept) < this.nextLookMs) this.watch.wake();
  }

  private async watchAll(): Promise<void> {
    const { clock, leaseTtlMs } = this.parts;
    this.isWatching = true;
    while (this.kept.size > 0) {
      for (const { lease } of this.kept) this.endIfOver(lease);
      this.renewals.renewDue(this.kept);
      // Often, since a suspended machine wakes with trust that is gone, and with timers that do not know it.
      this.nextLookMs = clock.monotonicMs() + leaseTtlMs / LOOKS_PER_TTL;
      for (const kept of this.kept) this.nextLookMs = Math.min(this.nextLookMs, nextOf(kept));
      await this.watch.sleep((woken) => clock.sleepUntil(this.nextLookMs, woken));
    }
    this.isWatching = false;
  }

  private endIfOver(lease: Lease): void {
    if (lease.signal.aborted || lease.isTrusted()) return;
    this.renewals.lose(lease, lease.isDoubted ? CONNECTIONS_ENDED : 'no renewal succeeded in time');
  }
}

/** When something is to be done about a lease; monotonic. Nothing any more once its trust has ended. */
function nextOf(kept: Kept): number {
  if (!kept.lease.isTrusted()) return Number.POSITIVE_INFINITY;
  return mayRenew(kept) ? Math.min(kept.dueMs, kept.lease.trustedUntilMs) : kept.lease.trustedUntilMs;
}
