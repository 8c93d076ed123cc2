/** The run locks of one memory node, with the quarantine after a loss of memory. Node time only. */

import type { Clock } from '../protocol/ports.js';

interface LockEntry {
  readonly value: string;
  readonly holder: string;
  expiresAtMs: number;
}

export type LockVote =
  | { readonly kind: 'acquired' }
  | { readonly kind: 'held'; readonly holder: string }
  | { readonly kind: 'quarantined' };

export class MemoryLockTable {
  private readonly entries = new Map<string, LockEntry>();

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    /** Since when this incarnation of the node exists, in node time. */
    private readonly sinceMs: () => number,
  ) {}

  acquire(task: string, value: string, holder: string, ttlMs: number): LockVote {
    const nowMs = this.clock.wallMs();
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) return { kind: 'held', holder: entry.holder };
    // A lock that was granted before the loss may still be trusted by its holder for one time to live.
    if (entry === undefined && nowMs < this.sinceMs() + ttlMs) return { kind: 'quarantined' };
    this.entries.set(task, { value, holder, expiresAtMs: nowMs + ttlMs });
    return { kind: 'acquired' };
  }

  /**
   * Sets a new time to live where the lock is the caller's. In quarantine a missing lock is made anew: nobody
   * else can have been granted it on this node since the loss, and callers renew only while they trust.
   */
  extend(task: string, value: string, holder: string, ttlMs: number): boolean {
    const nowMs = this.clock.wallMs();
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) return false;
    if (entry === undefined && nowMs >= this.sinceMs() + ttlMs) return false;
    this.entries.set(task, { value, holder, expiresAtMs: nowMs + ttlMs });
    return true;
  }

  release(task: string, value: string): void {
    if (this.entries.get(task)?.value === value) this.entries.delete(task);
  }

  /** Frees whatever an instance holds, as the closing of its sockets does on a real node. */
  releaseAllOf(holder: string): void {
    for (const [task, entry] of this.entries) {
      if (entry.holder === holder) this.entries.delete(task);
    }
  }

  clear(): void {
    this.entries.clear();
  }

  private live(task: string, nowMs: number): LockEntry | undefined {
    const entry = this.entries.get(task);
    return entry !== undefined && entry.expiresAtMs > nowMs ? entry : undefined;
  }
}
