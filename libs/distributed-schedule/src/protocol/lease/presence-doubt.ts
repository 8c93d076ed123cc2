/**
 * Nodes free the lock of a holder they lost sight of; a rival needs a majority. One restarted node of three is no danger, two are.
 * A node is safe that granted the newest attempt and saw us since. While the unsafe are no majority, trust goes on.
 */

import type { LockGrants } from '../contract/ports.js';
import type { ClockReading } from '../time/clock-reading.js';

/** A node has lost sight of this instance. */
export interface PresenceLoss {
  readonly since: ClockReading;
  /** Of the node; undefined where it is not known which. */
  readonly position?: string | undefined;
}

export class PresenceDoubt {
  /** After the start of the newest attempt, oldest first. */
  private losses: readonly PresenceLoss[] = [];
  private doubtedSince: ClockReading | undefined;

  constructor(
    private startedMs: number,
    private grants: LockGrants | undefined,
  ) {}

  /** Since when the lock may be given away; undefined where it may not. */
  get since(): ClockReading | undefined {
    return this.doubtedSince;
  }

  lost(loss: PresenceLoss): void {
    // An attempt that started later has reached the node later.
    if (loss.since.monotonicMs <= this.startedMs || this.losses.includes(loss)) return;
    this.losses = [...this.losses, loss];
    // A late reply must not end a doubt: only a new renewal may, or ended trust would come back.
    if (this.doubtedSince === undefined && !areSafe(this.grants, this.losses)) this.doubtedSince = loss.since;
  }

  /** @returns false: fewer nodes granted it than before, and a doubt would start in the past; renew again */
  renewed(startedMs: number, grants: LockGrants | undefined): boolean {
    const losses = this.losses.filter(({ since }) => since.monotonicMs > startedMs);
    const isSafe = areSafe(grants, losses);
    if (!isSafe && this.doubtedSince === undefined) return false;
    this.startedMs = startedMs;
    this.grants = grants;
    this.losses = losses;
    this.doubtedSince = isSafe ? undefined : losses[0]?.since;
    return true;
  }
}

/** Whether nodes that have granted the attempt, and have not lost sight since, leave no majority to anybody else. */
function areSafe(grants: LockGrants | undefined, losses: readonly PresenceLoss[]): boolean {
  if (losses.length === 0) return true;
  if (grants === undefined) return false;
  const lost = new Set(losses.map(({ position }) => position));
  if (lost.has(undefined)) return false;
  const { by, of } = grants;
  const safe = [...by].filter((position) => !lost.has(position)).length;
  // Half of an even set may be a majority of the set that comes after it.
  return of - safe < Math.ceil(of / 2);
}
