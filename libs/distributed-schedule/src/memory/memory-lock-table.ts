/** The run locks of one memory node, with the quarantine after a loss of memory. Node time only. */

import { PRESENCE_GRACE_MS } from '../protocol/constants.js';
import type { Clock } from '../protocol/ports.js';

interface LockEntry {
  readonly value: string;
  readonly holder: string;
  expiresAtMs: number;
}

export type LockVote =
  | { readonly kind: 'acquired' }
  /** `freeInMs` when the holder's sockets are closed and its lock is about to end. */
  | { readonly kind: 'held'; readonly holder: string; readonly freeInMs?: number }
  | { readonly kind: 'quarantined' };

export class MemoryLockTable {
  private readonly entries = new Map<string, LockEntry>();
  private readonly gone = new Set<string>();

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    /** Since when this incarnation of the node exists, in node time. Asked first in every call: it is the guard. */
    private readonly sinceMs: () => number,
  ) {}

  acquire(task: string, value: string, holder: string, ttlMs: number): LockVote {
    const sinceMs = this.sinceMs();
    const nowMs = this.clock.wallMs();
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) return this.refuse(entry, nowMs);
    // A lock that was granted before the loss may still be trusted by its holder for one time to live.
    if (entry === undefined && nowMs < sinceMs + ttlMs) return { kind: 'quarantined' };
    this.entries.set(task, { value, holder, expiresAtMs: nowMs + ttlMs });
    return { kind: 'acquired' };
  }

  /**
   * Sets a new time to live where the lock is the caller's. In quarantine a missing lock is made anew: nobody
   * else can have been granted it on this node since the loss, and callers renew only while they trust.
   */
  extend(task: string, value: string, holder: string, ttlMs: number): boolean {
    const sinceMs = this.sinceMs();
    const nowMs = this.clock.wallMs();
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) return false;
    if (entry === undefined && nowMs >= sinceMs + ttlMs) return false;
    this.entries.set(task, { value, holder, expiresAtMs: nowMs + ttlMs });
    return true;
  }

  release(task: string, value: string): void {
    this.sinceMs();
    if (this.entries.get(task)?.value === value) this.entries.delete(task);
  }

  /** The kernel has closed the sockets of a process that died. */
  disconnect(holder: string): void {
    this.gone.add(holder);
  }

  clear(): void {
    this.entries.clear();
  }

  /** A dead holder's lock is not taken but shortened to a grace, in case it is only reconnecting. */
  private refuse(entry: LockEntry, nowMs: number): LockVote {
    if (!this.gone.has(entry.holder)) return { kind: 'held', holder: entry.holder };
    entry.expiresAtMs = Math.min(entry.expiresAtMs, nowMs + PRESENCE_GRACE_MS);
    return { kind: 'held', holder: entry.holder, freeInMs: entry.expiresAtMs - nowMs };
  }

  private live(task: string, nowMs: number): LockEntry | undefined {
    const entry = this.entries.get(task);
    return entry !== undefined && entry.expiresAtMs > nowMs ? entry : undefined;
  }
}
