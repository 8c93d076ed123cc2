/** The model of lock-scripts.ts and release-script.ts, check for check: test/differential compares them. Node time only. */

import type { LineEnds } from '../protocol/contract/attempt-end.js';
import { PRESENCE_GRACE_MS } from '../protocol/contract/constants.js';
import type { LedgerIds } from '../protocol/contract/ledger-id.js';
import type { Clock, LineInquiry, NodeTick, ShownClaims } from '../protocol/contract/ports.js';
import { ANY_MEMORY, type LockAddressee } from '../protocol/lease/lock-verdict.js';
import { ORDINARY_SKEW_MS, setBackOfMemoryMs } from '../protocol/ledger/clock-set-back.js';
import type { LedgerMemory } from './ledger-memory.js';
import { refusedIds } from './ledger-memory.js';
import type { AcquireVote, ExtendAsk, ExtendVote, LockAsk } from './lock-ask.js';

type LockMemory = Pick<LedgerMemory, 'sinceMs' | 'id' | 'vote' | 'noted' | 'highest' | 'floor'>;

interface LockEntry {
  readonly value: string;
  /** {@link UNSEEN_HOLDER} where the holder's presence was not seen when the lock was set. */
  readonly holder: string;
  readonly expiresAtMs: number;
}

export type LockSnapshot = ReadonlyMap<string, LockEntry>;

/** Stands for a holder that nobody may judge dead. */
const UNSEEN_HOLDER = '-';

/** A deadline in node time that the caller could not name. */
const UNKNOWN_DEADLINE = 0;

export class MemoryLockTable {
  private readonly entries = new Map<string, LockEntry>();
  private readonly gone = new Set<string>();

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    /** Of this incarnation of the node. Asked first in every call: it is the guard. */
    private readonly remember: () => LockMemory,
    /** The newest instant that was granted in a line of the ledger, and to which claim. */
    private readonly newest: (line: string) => NodeTick = () => ({ tick: 0 }),
    private readonly keep: (ended: LineEnds) => void = () => undefined,
  ) {}

  acquire({ task, value, holder, ttlMs, deadlineMs = UNKNOWN_DEADLINE, meant }: LockAsk): AcquireVote {
    const memory = this.remember();
    const nowMs = this.clock.wallMs();
    if (isAnother(memory, meant)) return { kind: 'renamed' };
    if (isTooLate(deadlineMs, nowMs)) return { kind: 'too_late' };
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) {
      const isSetBack = setBackOfMemoryMs(memory, nowMs) > 0;
      return this.refuse(task, isSetBack ? this.cut(task, entry, nowMs, ttlMs) : entry, nowMs);
    }
    // A lock from before the loss, or of the memory before this one, may be trusted for ttlMs yet.
    if (entry === undefined && nowMs < memory.sinceMs + ttlMs) return { kind: 'quarantined' };
    this.put(task, value, holder, nowMs + ttlMs);
    return { kind: 'acquired' };
  }

  /** Renews the caller's lock, and makes a missing one. Why, and when not, stands above EXTEND in lock-scripts.ts. */
  extend(ask: ExtendAsk): ExtendVote {
    const { task, value, holder, ttlMs, deadlineMs = UNKNOWN_DEADLINE, meant, claims } = ask;
    const memory = this.remember();
    const nowMs = this.clock.wallMs();
    if (isAnother(memory, meant)) return 'renamed';
    if (isTooLate(deadlineMs, nowMs)) return 'too_late';
    const entry = this.live(task, nowMs);
    if (entry !== undefined && entry.value !== value) return 'lost';
    if (claims !== undefined && this.hasSuccessor(claims)) return 'lost';
    if (entry === undefined) {
      const isQuarantined = nowMs < memory.sinceMs + ttlMs;
      if (deadlineMs === UNKNOWN_DEADLINE) return isQuarantined ? 'quarantined' : 'lost';
      if (claims === undefined && !isQuarantined) return 'lost';
    }
    this.put(task, value, holder, nowMs + ttlMs);
    return 'extended';
  }

  refusedIds({ position, ids }: LockAddressee): LedgerIds {
    return Object.keys(ids).length === 0 ? {} : (refusedIds(ids, position, this.remember()) ?? {});
  }

  /** Answers whether the lock was the caller's. The ends that come with it are kept in any case. */
  release(task: string, value: string, ended?: LineEnds): boolean {
    this.remember();
    if (ended !== undefined) this.keep(ended);
    return this.live(task, this.clock.wallMs())?.value === value && this.entries.delete(task);
  }

  keepEnds(ended: LineEnds): void {
    this.remember();
    this.keep(ended);
  }

  standingOf(task: string): LineInquiry['lock'] {
    const nowMs = this.clock.wallMs();
    const entry = this.live(task, nowMs);
    if (entry === undefined) return undefined;
    const { holder, expiresAtMs } = entry;
    return { ...(holder !== UNSEEN_HOLDER && { holder }), leftMs: expiresAtMs - nowMs };
  }

  /** The kernel has closed the sockets of a process that died. */
  disconnect(holder: string): void {
    this.gone.add(holder);
  }

  /** A process that was only cut off is seen again. */
  reconnect(holder: string): void {
    this.gone.delete(holder);
  }

  isPresent(holder: string): boolean {
    return !this.gone.has(holder);
  }

  /** A store short of memory has removed this lock before its time. */
  evict(task: string): void {
    this.entries.delete(task);
  }

  clear(): void {
    this.entries.clear();
  }

  snapshot(): LockSnapshot {
    for (const task of [...this.entries.keys()]) this.live(task, this.clock.wallMs());
    return new Map(this.entries);
  }

  restore(snapshot: LockSnapshot): void {
    this.clear();
    for (const [task, entry] of snapshot) this.entries.set(task, entry);
  }

  private hasSuccessor({ line, won, upTo = Number.POSITIVE_INFINITY, open }: ShownClaims): boolean {
    const { tick, claimId } = this.newest(line);
    return tick > won && tick <= upTo && !(claimId !== undefined && open.includes(claimId));
  }

  private put(task: string, value: string, holder: string, expiresAtMs: number): void {
    this.entries.set(task, { value, holder: this.isPresent(holder) ? holder : UNSEEN_HOLDER, expiresAtMs });
  }

  /** After a set-back, one that would live on for much longer than its time to live was set before that. */
  private cut(task: string, entry: LockEntry, nowMs: number, ttlMs: number): LockEntry {
    if (entry.expiresAtMs <= nowMs + ttlMs + ORDINARY_SKEW_MS) return entry;
    const cut = { ...entry, expiresAtMs: nowMs + ttlMs };
    this.entries.set(task, cut);
    return cut;
  }

  /** A dead holder's lock is not taken but shortened to a grace, in case it is only reconnecting. */
  private refuse(task: string, entry: LockEntry, nowMs: number): AcquireVote {
    const { holder } = entry;
    if (holder === UNSEEN_HOLDER) return { kind: 'held' };
    if (this.isPresent(holder)) return { kind: 'held', holder };
    const expiresAtMs = Math.min(entry.expiresAtMs, nowMs + PRESENCE_GRACE_MS);
    this.entries.set(task, { ...entry, expiresAtMs });
    return { kind: 'held', holder, freeInMs: expiresAtMs - nowMs };
  }

  /** What has expired is gone for good, also when the clock steps back. As in Redis, the last ms still counts. */
  private live(task: string, nowMs: number): LockEntry | undefined {
    const entry = this.entries.get(task);
    if (entry === undefined || entry.expiresAtMs >= nowMs) return entry;
    this.entries.delete(task);
    return undefined;
  }
}

/** Another server behind the name, or a memory that the others have not noted yet; or this node has noted a newer one elsewhere. */
function isAnother(memory: LockMemory, { position, ids } = ANY_MEMORY): boolean {
  if (Object.keys(ids).length === 0) return false;
  return memory.vote !== position || refusedIds(ids, position, memory) !== undefined;
}

function isTooLate(deadlineMs: number, nowMs: number): boolean {
  return deadlineMs !== UNKNOWN_DEADLINE && nowMs > deadlineMs;
}
