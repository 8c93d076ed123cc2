/**
 * A run lock, and until when its holder may trust it. Anchored at the attempt's *start*: a slow reply must shorten trust.
 * By the clock that counted more, since a suspended machine stops the monotonic one.
 */

import { PRESENCE_GRACE_MS } from '../contract/constants.js';
import { LeaseLostError } from '../contract/errors.js';
import type { Clock, HeldLock, LockGrants } from '../contract/ports.js';
import { Stop, type StopSignal } from '../contract/stop.js';
import { type ClockReading, elapsedMs, readClocks } from '../time/clock-reading.js';
import type { LeaseClaims } from './lease-claims.js';
import { PresenceDoubt, type PresenceLoss } from './presence-doubt.js';
import { taskOfRunLock } from './run-lock.js';

/** Trust after a loss of presence: it ends before PRESENCE_GRACE by more than both ends can differ in noticing it. */
const DOUBTED_TRUST_MS = PRESENCE_GRACE_MS - 50;

/** Redis expires keys with a precision of 1 ms, and our own reading of the clock costs another. */
const TRUST_MARGIN_MS = 2;

const ROUNDING_MS = 0.001;

/** A lock of `ttlMs` may be trusted for this long after the start of its attempt. */
export function trustMs(ttlMs: number, driftFactor: number): number {
  return ttlMs * (1 - driftFactor) - TRUST_MARGIN_MS;
}

export interface LeaseTerms {
  readonly ttlMs: number;
  readonly driftFactor: number;
}

export interface LeaseKnowledge {
  /** Absent: nodes are not told of them, and a lock that a node has missed stays missing there. */
  readonly claims?: LeaseClaims | undefined;
  /** Absent: it is not known which nodes have granted the lock, so any of them may be one of a majority. */
  readonly grants?: LockGrants | undefined;
}

export class Lease {
  readonly claims: LeaseClaims | undefined;
  private readonly stop = new Stop();
  private askedAt: ClockReading;
  private readonly doubt: PresenceDoubt;
  private lostBecause: string | undefined;
  /** It is to be renewed no more: trust ends when its time runs out. */
  isLetGo = false;

  constructor(
    readonly lock: HeldLock,
    private runningTick: number,
    private readonly clock: Clock,
    private readonly terms: LeaseTerms,
    /** Read before the acquiring call was made. */
    askedAt: ClockReading,
    { claims, grants }: LeaseKnowledge = {},
  ) {
    this.askedAt = askedAt;
    this.claims = claims;
    this.doubt = new PresenceDoubt(askedAt.monotonicMs, grants);
  }

  get task(): string {
    return taskOfRunLock(this.lock.task);
  }

  get tick(): number {
    return this.runningTick;
  }

  /** Another tick of the task runs under it from here on. */
  moveTo(tick: number): void {
    this.runningTick = tick;
  }

  /** Aborts when trust ends, or when the run is asked to stop. */
  get signal(): StopSignal {
    return this.stop;
  }

  /** Monotonic instant after which the holder must stop, unless it renews before. */
  get trustedUntilMs(): number {
    const untilMs = this.askedAt.monotonicMs + trustMs(this.terms.ttlMs, this.terms.driftFactor);
    const doubt = this.doubt.since;
    return doubt === undefined ? untilMs : Math.min(untilMs, doubt.monotonicMs + DOUBTED_TRUST_MS);
  }

  /** Whether the store may take this holder for dead, so that trust ends soon unless a renewal succeeds. */
  get isDoubted(): boolean {
    return this.doubt.since !== undefined;
  }

  /** Monotonic instant at which the newest successful attempt started. */
  get askedAtMs(): number {
    return this.askedAt.monotonicMs;
  }

  /** Trust left; 0 when it has ended. */
  remainingMs(): number {
    if (this.lostBecause !== undefined) return 0;
    const now = readClocks(this.clock);
    const doubt = this.doubt.since;
    const leftMs = Math.min(
      trustMs(this.terms.ttlMs, this.terms.driftFactor) - elapsedMs(this.askedAt, now),
      doubt === undefined ? Number.POSITIVE_INFINITY : DOUBTED_TRUST_MS - elapsedMs(doubt, now),
    );
    // Treat a rounding remainder as 0, or a sleeper that wakes at the end would find the lease still trusted and sleep again.
    return leftMs > ROUNDING_MS ? leftMs : 0;
  }

  isTrusted(): boolean {
    return this.remainingMs() > 0;
  }

  /** Takes the start of a successful renewal. A reply that comes after trust has ended revives nothing. */
  renewedFrom(askedAt: ClockReading, grants?: LockGrants): boolean {
    if (!this.isTrusted()) return false;
    if (!this.doubt.renewed(askedAt.monotonicMs, grants)) return false;
    this.askedAt = askedAt;
    return this.isTrusted();
  }

  /** A node has lost sight of the holder, and may free its lock soon. See protocol/lease/presence-doubt.ts. */
  lostSight(loss: PresenceLoss): void {
    this.doubt.lost(loss);
  }

  /** Ends trust for good and aborts the run. False when it had been lost before; the first reason stands. */
  lose(reason: string): boolean {
    if (this.lostBecause !== undefined) return false;
    this.lostBecause = reason;
    this.stop.abort(new LeaseLostError(this.task, this.tick, reason));
    return true;
  }

  /** From now on it is not renewed, so that others get the lock when it has run out. */
  letGo(): void {
    this.isLetGo = true;
  }

  /** Asks the run to stop while the lease itself stays good, as at shutdown. */
  interrupt(reason: unknown): void {
    this.stop.abort(reason);
  }

  /** @throws LeaseLostError */
  assertHeld(): void {
    if (this.isTrusted()) return;
    throw new LeaseLostError(this.task, this.tick, this.lostBecause ?? 'its time ran out before a renewal');
  }
}
