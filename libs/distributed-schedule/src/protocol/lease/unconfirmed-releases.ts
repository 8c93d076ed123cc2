/**
 * Releases that a node may not have acted on. Kept until certain, or a lost connection would cost a task its ticks for a TTL.
 *
 * A request under way may set the lock after its release. So no answer confirms a release before each such request is
 * answered, or the node's clock has passed its deadline by MARGIN. Passive: goes ahead of the next bid, and after each answer.
 */

import { MARGIN_MS } from '../contract/constants.js';
import { dropOldest } from '../contract/drop-oldest.js';
import type { Clock, NodeReply } from '../contract/ports.js';

/** They travel as one message ahead of a bid: small enough for a slow link within the node timeout. */
export const MAX_UNCONFIRMED = 1_000;

/** A message without a known deadline may still set a lock on a node for this long. */
const UNDERWAY_MS = 2_000;

/** Pause between looks where the deadline of what is under way is not known. */
const UNKNOWN_PAUSE_MS = 500;

/** An end stays true when the lock is gone: kept for a node that is away for up to this. */
const ENDS_FOR_MS = 600_000;

/** Random per acquisition: a release that comes late, or twice, touches no newer lock, not even our own. */
export interface ReleasedLock {
  readonly value: string;
  /** How what ran under it has ended, which no time to live makes obsolete. */
  readonly ended?: unknown;
}

/** A message that sets locks, until its answer comes. */
export interface LockMessage {
  readonly values: readonly string[];
  /** Node time after which the node refuses it; infinite where that is not known. */
  readonly deadlineMs: number;
  /** Monotonic: from then on nothing of it stands on the node. */
  readonly goneMs: number;
}

interface Kept<Lock> {
  readonly lock: Lock;
  /** Monotonic. By then the lock is gone by itself. */
  readonly goneMs: number;
  /** Monotonic. Sent before, it would confirm nothing. */
  readonly notBeforeMs: number;
}

export interface UnconfirmedReleasesParts<Lock, Answer> {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** One message for all of them. Never rejects. */
  readonly send: (locks: readonly Lock[]) => Promise<NodeReply<Answer>>;
}

export class UnconfirmedReleases<Lock extends ReleasedLock, Answer = unknown> {
  /** By value, those that are kept for longest last. */
  private readonly kept = new Map<string, Kept<Lock>>();
  /** In the order in which they left. */
  private readonly underWay = new Set<LockMessage>();
  /** Those of them that may set the lock of a value. */
  private readonly byValue = new Map<string, Set<LockMessage>>();
  private isSending = false;

  constructor(private readonly parts: UnconfirmedReleasesParts<Lock, Answer>) {}

  /** These locks may be set from now on. @param deadlineMs node time, 0: unknown @returns for {@link answered} */
  sent(values: readonly string[], deadlineMs: number, ttlMs: number): LockMessage {
    const message = {
      values,
      deadlineMs: deadlineMs > 0 ? deadlineMs : Number.POSITIVE_INFINITY,
      goneMs: this.nowMs + UNDERWAY_MS + ttlMs,
    };
    this.forgetGone();
    this.underWay.add(message);
    for (const value of values) {
      const those = this.byValue.get(value) ?? new Set();
      this.byValue.set(value, those.add(message));
    }
    return message;
  }

  answered(message: LockMessage): void {
    this.underWay.delete(message);
    for (const value of message.values) {
      const those = this.byValue.get(value);
      those?.delete(message);
      if (those?.size === 0) this.byValue.delete(value);
    }
  }

  /** Sends the releases, and keeps those that the answer does not confirm. `ttlMs`: how long each lock may have to live at most. */
  async release(locks: readonly Lock[], ttlMs: number): Promise<NodeReply<Answer>> {
    const goneMs = this.nowMs + UNDERWAY_MS + ttlMs;
    return this.sendAll(
      locks.map((lock) => ({
        lock,
        goneMs: lock.ended === undefined ? goneMs : this.nowMs + ENDS_FOR_MS,
        notBeforeMs: 0,
      })),
    );
  }

  /** Sends what is kept, and may be confirmed by now, as one message; unless that is under way. */
  async resend(): Promise<void> {
    this.forgetGone();
    if (this.isSending || this.kept.size === 0) return;
    const due = [...this.kept.values()].filter(({ notBeforeMs }) => notBeforeMs <= this.nowMs);
    if (due.length === 0) return;
    this.isSending = true;
    await this.sendAll(due);
    this.isSending = false;
  }

  /** How many releases, and messages that set locks, are remembered. */
  get size(): number {
    return this.kept.size + this.underWay.size;
  }

  private async sendAll(releases: readonly Kept<Lock>[]): Promise<NodeReply<Answer>> {
    // Read before the message leaves: what comes after it has been overtaken by nothing.
    const deadlinesMs = releases.map(({ lock }) => this.deadlineOf(lock.value));
    const reply = await this.parts.send(releases.map(({ lock }) => lock));
    for (const [index, release] of releases.entries()) {
      const { value } = release.lock;
      this.kept.delete(value);
      const waitMs = leftMs(reply, deadlinesMs[index]);
      if (waitMs === undefined) continue;
      this.kept.set(value, { ...release, notBeforeMs: this.nowMs + waitMs });
    }
    // The oldest would be gone first.
    dropOldest(this.kept, MAX_UNCONFIRMED);
    return reply;
  }

  /** Until when the node may still set the lock, in its own time; undefined: it has answered all that could. */
  private deadlineOf(value: string): number | undefined {
    let latestMs: number | undefined;
    for (const { deadlineMs } of this.byValue.get(value) ?? [])
      latestMs = Math.max(latestMs ?? 0, deadlineMs);
    return latestMs;
  }

  private forgetGone(): void {
    const { nowMs } = this;
    for (const [value, { goneMs }] of this.kept) {
      if (goneMs <= nowMs) this.kept.delete(value);
    }
    for (const message of this.underWay) {
      if (message.goneMs > nowMs) break;
      this.answered(message);
    }
  }

  private get nowMs(): number {
    return this.parts.clock.monotonicMs();
  }
}

/** How long to wait before the release is sent again; undefined: it is confirmed. */
function leftMs(reply: NodeReply<unknown>, deadlineMs: number | undefined): number | undefined {
  if (!reply.answered) return 0;
  if (deadlineMs === undefined) return undefined;
  if (deadlineMs === Number.POSITIVE_INFINITY) return UNKNOWN_PAUSE_MS;
  const nodeTimeMs = Math.floor(reply.nodeTimeMs);
  if (nodeTimeMs > deadlineMs + MARGIN_MS) return undefined;
  // At once when the deadline has passed, and for certain when the clock cannot step back behind it any more.
  return (nodeTimeMs <= deadlineMs ? deadlineMs : deadlineMs + MARGIN_MS) + 1 - nodeTimeMs;
}
