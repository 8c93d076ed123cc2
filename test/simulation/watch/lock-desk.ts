/**
 * The run locks of one server, kept a second time from the answers alone, as an oracle: whoever breaks the rules of
 * a lock on one node is seen there, before two runs have to meet by chance.
 */

import type { AcquireVote, ExtendVote } from '#src/memory/lock-ask.js';
import type { MemoryNode } from '#src/memory/memory-node.js';
import type { LineEnds } from '#src/protocol/contract/attempt-end.js';
import type { ShownClaims } from '#src/protocol/contract/ports.js';
import type { LockAddressee } from '#src/protocol/lease/lock-verdict.js';
import type { History } from './history.js';

interface Entry {
  readonly value: string;
  readonly holder: string;
  expiresAtMs: number;
  /** When it would have expired if its holder had not been taken for dead. */
  readonly dueMs: number;
  /** Out of a file, and not confirmed by its owner since. */
  readonly isRestored?: true;
}

/** Stands for a holder that nobody may judge dead. */
const NOBODY = '-';

export interface LockRequest {
  readonly task: string;
  readonly value: string;
  readonly holder: string;
  /** Whether it says so to the server, which then frees the lock when its connection ends. */
  readonly isNamed: boolean;
  readonly ttlMs: number;
  /** Node time after which nobody waits for the answer. */
  readonly deadlineMs: number;
  readonly meant?: LockAddressee;
}

/** Who might be granted a lock beside whom. */
export interface RivalRequest {
  readonly task: string;
  readonly holder: string;
  readonly ttlMs: number;
  /** Whether the owner of this value may still win or keep a lock with it. */
  readonly isInFlight: (value: string) => boolean;
}

/** What a restart gives back. */
export type DeskSnapshot = ReadonlyMap<string, Entry>;

export class LockDesk {
  private readonly entries = new Map<string, Entry>();
  /** By value, until when a lock would still stand that a step of the clock has ended early, or may; by the clock as it is now. */
  private readonly cut = new Map<string, { readonly task: string; untilMs: number }>();
  private sinceMs: number;
  /** When the quarantine would have begun by the clock as it is now, if that had always shown what it shows since its steps. */
  private uncutSinceMs: number;

  constructor(
    private readonly model: MemoryNode,
    private readonly wallMs: () => number,
    private readonly history: History,
  ) {
    this.sinceMs = wallMs();
    this.uncutSinceMs = this.sinceMs;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Whose lock of the task stands here; undefined for nobody's. */
  valueOf(task: string): string | undefined {
    return this.standing(task)?.value;
  }

  /** Whether it came back with an old file, and its owner has not been heard of since: it may have been released before. */
  isRestored(task: string): boolean {
    return this.live(task)?.isRestored === true;
  }

  /** The answer, and whether it was possible only because a dead holder's lock had been cut short. */
  acquire(request: LockRequest): { readonly vote: AcquireVote; readonly isTakeOver: boolean } {
    const { task, value, holder, ttlMs } = request;
    const last = this.entries.get(task);
    const entry = this.live(task);
    const vote = this.model.locks.acquire({ ...request, holder: nameOf(request) });
    if (vote.kind === 'held' && entry !== undefined && vote.freeInMs !== undefined) {
      entry.expiresAtMs = Math.min(entry.expiresAtMs, this.wallMs() + vote.freeInMs);
    }
    if (vote.kind !== 'acquired') return { vote, isTakeOver: false };
    this.checkInTime(request);
    if (entry !== undefined && entry.value !== value) {
      this.history.fail('a lock has one holder', `${task}: ${entry.holder} and ${holder}`);
    }
    if (entry === undefined && this.wallMs() < this.sinceMs + ttlMs) {
      this.history.fail('no new lock after a loss of memory or a vote', `${task} to ${holder}`);
    }
    this.set(request);
    return { vote, isTakeOver: last !== undefined && last.holder !== holder && last.dueMs > this.wallMs() };
  }

  extend(request: LockRequest & { readonly claims?: ShownClaims | undefined }): ExtendVote {
    const { task, value, holder } = request;
    const entry = this.live(task);
    const vote = this.model.locks.extend({ ...request, holder: nameOf(request) });
    if (vote !== 'extended') return vote;
    // It stands for its whole time again.
    this.cut.delete(value);
    this.checkInTime(request);
    if (entry !== undefined && entry.value !== value) {
      this.history.fail('only its holder extends a lock', `${task}: ${entry.holder} by ${holder}`);
    }
    this.set(request);
    return vote;
  }

  release(task: string, value: string, ended?: LineEnds): void {
    this.live(task);
    this.model.locks.release(task, value, ended);
    if (this.entries.get(task)?.value === value) this.entries.delete(task);
  }

  /** What has expired is in no file: a clock that steps back before the restart would bring it to life again. */
  snapshot(): DeskSnapshot {
    for (const task of [...this.entries.keys()]) this.live(task);
    return new Map([...this.entries].map(([task, entry]) => [task, { ...entry }]));
  }

  /** What is left is what the restored file held. */
  memoryLost(restored: DeskSnapshot = new Map()): void {
    this.entries.clear();
    for (const [task, entry] of restored) this.entries.set(task, { ...entry, isRestored: true });
    this.beginQuarantine();
  }

  /** Another memory may have stood here until now: what it granted lives on for as long as a lock does. */
  voteGiven(): void {
    this.beginQuarantine();
  }

  /** What has expired by now is nobody's, whether or not the server has noticed before its clock steps. */
  clockSteps(): void {
    for (const task of [...this.entries.keys()]) this.live(task);
  }

  /** A quarantine that seems to lie ahead begins anew. Forward, what stands ends early. */
  clockStepped(byMs: number): void {
    this.sinceMs = Math.min(this.sinceMs, this.wallMs());
    this.uncutSinceMs += byMs;
    for (const one of this.cut.values()) one.untilMs += byMs;
    if (byMs <= 0) return;
    for (const [value, { untilMs }] of this.cut) if (untilMs < this.wallMs()) this.cut.delete(value);
    for (const [task, { value, expiresAtMs }] of this.entries)
      this.cut.set(value, { task, untilMs: Math.max(expiresAtMs + byMs, this.cut.get(value)?.untilMs ?? 0) });
  }

  /** Whether a step of the clock has ended a lock of the task, or the quarantine, that would stand now without it. */
  isCutShort(task: string, ttlMs: number): boolean {
    const nowMs = this.wallMs();
    if (nowMs <= this.uncutSinceMs + ttlMs) return true;
    return [...this.cut.values()].some((one) => one.task === task && nowMs <= one.untilMs);
  }

  /** Whether this server holds the task's lock for somebody else, or could grant it to somebody else now. */
  isOpenToOthers({ task, holder, ttlMs, isInFlight }: RivalRequest): boolean {
    const entry = this.entries.get(task);
    const isLive = entry !== undefined && entry.expiresAtMs >= this.wallMs();
    if (!isLive) return this.wallMs() >= this.sinceMs + ttlMs;
    // An old file may hold the lock of a run that has ended: nobody can win with it, and after it comes the quarantine.
    if (entry.isRestored && !isInFlight(entry.value)) return false;
    return entry.holder !== holder;
  }

  isHeldBy(task: string, holder: string): boolean {
    const entry = this.entries.get(task);
    return entry?.holder === holder && entry.expiresAtMs >= this.wallMs();
  }

  private set({ task, value, holder, ttlMs }: LockRequest): void {
    const dueMs = this.wallMs() + ttlMs;
    this.entries.set(task, { value, holder, expiresAtMs: dueMs, dueMs });
  }

  private beginQuarantine(): void {
    this.sinceMs = this.wallMs();
    this.uncutSinceMs = this.sinceMs;
  }

  private checkInTime({ task, holder, deadlineMs }: LockRequest): void {
    if (this.wallMs() <= deadlineMs) return;
    this.history.fail('a lock request that came too late changes nothing', `${task} of ${holder}`);
  }

  /** What has expired is gone for good, as soon as somebody asks. */
  private live(task: string): Entry | undefined {
    const entry = this.standing(task);
    if (entry === undefined) this.entries.delete(task);
    return entry;
  }

  /** As it is, changing nothing. */
  private standing(task: string): Entry | undefined {
    const entry = this.entries.get(task);
    return entry !== undefined && entry.expiresAtMs >= this.wallMs() ? entry : undefined;
  }
}

function nameOf({ holder, isNamed }: LockRequest): string {
  return isNamed ? holder : NOBODY;
}
