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

import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, ExtendVerdict, LockProvider } from '../contract/ports.js';
import { RENEWALS_PER_TTL } from '../options/protocol-options.js';
import { readClocks } from '../time/clock-reading.js';
import { Wakeup } from '../time/wakeup.js';
import { within } from '../time/within.js';
import type { Lease } from './lease.js';
import type { PresenceLoss } from './presence-doubt.js';

/** Pause between attempts while nodes do not answer: several fit into the trust that is left after one third. */
const RETRY_MS = 50;

/** The same while trust is doubted: as often as a connection that has ended is tried again. */
const DOUBTED_RETRY_MS = 20;

/** How often per time to live the end of trust is looked for. */
const LOOKS_PER_TTL = 12;

const CONNECTIONS_ENDED =
  'connections to the nodes have ended, and no renewal succeeded before they may take us for dead';

interface KeepLeaseParts {
  readonly clock: Clock;
  readonly locks: LockProvider;
  readonly observer: ScheduleObserver;
  readonly leaseTtlMs: number;
}

interface Kept {
  readonly lease: Lease;
  readonly renewNow: Wakeup;
  /** The end of trust has come nearer. */
  readonly lookNow: Wakeup;
}

export class LeaseKeeper {
  private readonly kept = new Set<Kept>();
  /** Losses of presence within the last time to live, oldest first. */
  private losses: readonly PresenceLoss[] = [];

  constructor(private readonly parts: KeepLeaseParts) {}

  leases(): readonly Lease[] {
    return [...this.kept].map(({ lease }) => lease);
  }

  /** Renews every lease without waiting for its turn. */
  renewAll(): void {
    for (const { renewNow } of this.kept) renewNow.wake();
  }

  /** A node may free our locks after a short grace. @param position of the node; undefined: unknown */
  lostSight(position: string | undefined): void {
    const loss: PresenceLoss = { since: readClocks(this.parts.clock), position };
    const relevantMs = loss.since.monotonicMs - this.parts.leaseTtlMs;
    this.losses = [...this.losses.filter(({ since }) => since.monotonicMs > relevantMs), loss];
    for (const { lease, renewNow, lookNow } of this.kept) {
      lease.lostSight(loss);
      renewNow.wake();
      lookNow.wake();
    }
  }

  /** Tells a lease that is not kept yet of the losses that came after its lock was acquired. */
  doubtIfPresenceLost(lease: Lease): void {
    // It may have been told of them before.
    for (const loss of this.losses) lease.lostSight(loss);
  }

  /** Keeps `lease` until `run` has settled. Rejects only with what `run` rejects with. */
  async during<T>(lease: Lease, run: () => Promise<T>): Promise<T> {
    const kept: Kept = { lease, renewNow: new Wakeup(), lookNow: new Wakeup() };
    if (lease.isDoubted) kept.renewNow.wake();
    const finished = new AbortController();
    this.kept.add(kept);
    const watching = Promise.all([
      this.renewUntil(finished.signal, kept),
      this.watchTrustUntil(finished.signal, kept),
    ]);
    try {
      return await run();
    } finally {
      this.kept.delete(kept);
      finished.abort('finished');
      kept.renewNow.wake();
      kept.lookNow.wake();
      // Released only after the last renewal has settled: a renewal that overtakes the release would revive the lock.
      await watching;
    }
  }

  private async renewUntil(finished: AbortSignal, { lease, renewNow }: Kept): Promise<void> {
    const { clock, leaseTtlMs } = this.parts;
    let dueMs = lease.askedAtMs + leaseTtlMs / RENEWALS_PER_TTL;
    while (!finished.aborted && !lease.isLetGo && lease.isTrusted()) {
      await renewNow.sleep((woken) => clock.sleepUntil(dueMs, woken));
      if (finished.aborted || lease.isLetGo || !lease.isTrusted()) return;
      if (await this.tryRenew(finished, lease)) return;
      const renewedMs = lease.askedAtMs + leaseTtlMs / RENEWALS_PER_TTL;
      const nowMs = clock.monotonicMs();
      dueMs = lease.isDoubted ? nowMs + DOUBTED_RETRY_MS : Math.max(renewedMs, nowMs + RETRY_MS);
    }
  }

  private async tryRenew(finished: AbortSignal, lease: Lease): Promise<boolean> {
    const askedAt = readClocks(this.parts.clock);
    const openedBefore = lease.claims?.openedCount;
    const verdict = await this.tryExtend(finished, lease);
    switch (verdict.kind) {
      case 'extended':
        if (lease.renewedFrom(askedAt, verdict.grants)) {
          const { task, tick, trustedUntilMs } = lease;
          this.parts.observer.observe({ type: 'renewed', task, tick, trustedUntilMs });
        }
        return false;
      case 'lost':
        // A claim of ours that overtook the renewal looks like that of a successor: asked again, with that claim shown.
        if (lease.claims?.openedCount !== openedBefore) return false;
        if (!finished.aborted) this.lose(lease, 'a majority of nodes says that the lock is no longer ours');
        return true;
      case 'no_quorum':
        return false;
      default:
        return verdict satisfies never;
    }
  }

  /** While the run goes on, waiting is bounded by trust. Afterwards the provider's own bound has to do. */
  private async tryExtend(finished: AbortSignal, lease: Lease): Promise<ExtendVerdict> {
    const { clock, locks, leaseTtlMs } = this.parts;
    const claims = lease.claims?.shown();
    const asked = locks.extend([{ ...lease.lock, ...(claims && { claims }) }], leaseTtlMs);
    const [verdict] = finished.aborted ? await asked : await within(clock, lease.trustedUntilMs, asked, []);
    return verdict ?? { kind: 'no_quorum', reason: 'the lock provider gave no verdict in time' };
  }

  private async watchTrustUntil(finished: AbortSignal, { lease, lookNow }: Kept): Promise<void> {
    // A loop, since every renewal moves the end of trust.
    while (!finished.aborted && !lease.signal.aborted) {
      if (!lease.isTrusted()) {
        this.lose(lease, lease.isDoubted ? CONNECTIONS_ENDED : 'no renewal succeeded in time');
        return;
      }
      // Often, since a suspended machine wakes with trust that is gone, and with timers that do not know it.
      const lookMs = this.parts.clock.monotonicMs() + this.parts.leaseTtlMs / LOOKS_PER_TTL;
      await lookNow.sleep((woken) =>
        this.parts.clock.sleepUntil(Math.min(lease.trustedUntilMs, lookMs), woken),
      );
    }
  }

  private lose(lease: Lease, reason: string): void {
    // Of a run that was given up, that was told before.
    if (!lease.lose(reason) || lease.isLetGo) return;
    const { task, tick } = lease;
    this.parts.observer.observe({ type: 'lease_lost', task, tick, reason });
  }
}
