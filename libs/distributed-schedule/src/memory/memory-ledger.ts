/** The model of redis-scripts.ts and ledger-scripts.ts, check for check in the same order. */

import { type KeptEnds, type LineEnds, NO_ENDS, withEnds } from '../protocol/contract/attempt-end.js';
import { EARLY_MS } from '../protocol/contract/constants.js';
import type { EpochAnswer } from '../protocol/contract/node-identity.js';
import type {
  Claim,
  ClaimReply,
  ClaimTerms,
  ClaimVote,
  Clock,
  NodeTick,
} from '../protocol/contract/ports.js';
import {
  bearsMark,
  mayBePruned,
  PRUNABLE_NOBODY,
  type PruneAnswer,
  type PruneRequest,
} from '../protocol/contract/prunable-lines.js';
import { setBackOfTickMs } from '../protocol/ledger/clock-set-back.js';
import {
  copyOf,
  type Entry,
  type LedgerMemory,
  type LedgerSnapshot,
  memoryAfter,
  refusedIds,
  standingOf,
  type WholeRefusal,
} from './ledger-memory.js';
import { counted, isLeftBehind, NOBODY, raiseEpoch } from './memory-epoch.js';
import { MemoryPruning } from './memory-prune.js';

const ANY = (_index: number): boolean => true;

export class MemoryLedger {
  private readonly entries = new Map<string, Entry>();
  /** How attempts have ended, by line. */
  private readonly ends = new Map<string, KeptEnds>();
  private memory: LedgerMemory | undefined;
  private readonly pruning = new MemoryPruning(this.entries, this.ends);
  /** Another one is another process, or another history. */
  incarnation = 1;

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    /** The memory's part of an id. No two calls on any server give the same word. */
    private readonly newNonce: () => string,
  ) {}

  /** What another version of the protocol has written is none of ours. */
  get versionOnRecord(): number | undefined {
    return this.memory?.version;
  }

  setVersion(version: number): void {
    if (this.memory !== undefined) this.memory.version = version;
  }

  clear(): void {
    this.pruning.reset();
    this.memory = undefined;
    this.entries.clear();
    this.ends.clear();
  }

  snapshot(): LedgerSnapshot {
    return { entries: new Map(this.entries), ends: new Map(this.ends), memory: copyOf(this.memory) };
  }

  restore({ entries, ends, memory }: LedgerSnapshot): void {
    this.clear();
    for (const [task, entry] of entries) this.entries.set(task, entry);
    for (const [line, kept] of ends) this.ends.set(line, kept);
    this.memory = copyOf(memory);
  }

  /** The incarnation guard, with which every call begins: see redis-scripts.ts. */
  remember(): LedgerMemory {
    const nowMs = this.clock.wallMs();
    const { memory } = this;
    if (memory?.incarnation === this.incarnation && memory.sinceMs <= nowMs) return memory;
    if (memory?.incarnation === this.incarnation) {
      // The clock has stepped back, or locks would be refused for that long. Nothing was forgotten: floor, id and vote stay.
      return Object.assign(memory, { sinceMs: nowMs, idSinceMs: Math.min(memory.idSinceMs, nowMs) });
    }
    this.memory = memoryAfter(memory, this.incarnation, nowMs, this.newNonce());
    return this.memory;
  }

  /** @param hasLock whether the lock is granted with which a claim has come; default: none has come with any */
  claim(claims: readonly Claim[], terms: ClaimTerms, position: string, hasLock = ANY): ClaimReply {
    const memory = this.remember();
    const nowMs = this.clock.wallMs();
    const all = (kind: WholeRefusal): ClaimReply => ({ votes: claims.map(() => ({ kind })) });
    const standing = standingOf(terms, memory.stamp);
    if (standing !== undefined) return all(standing);
    const ids = refusedIds(terms.ids, position, memory);
    if (ids !== undefined) return { ...all('renamed'), ids };
    if (memory.vote !== position) return all('unconfirmed');
    if (terms.deadlineMs > 0 && nowMs > terms.deadlineMs) return all('too_late');
    return { votes: claims.map((claim, index) => this.vote(claim, nowMs, memory, hasLock(index))) };
  }

  giveBack(claims: readonly Claim[]): void {
    const memory = this.remember();
    const { epoch } = memory;
    for (const { task, tick, claimId } of claims) {
      const entry = counted(this.entries.get(task), memory);
      if (entry?.tick !== tick || entry.claimId !== claimId) continue;
      const { previousTick } = entry;
      const nobody = bearsMark(claimId) ? PRUNABLE_NOBODY : NOBODY;
      this.entries.set(task, { tick: previousTick, claimId: nobody, previousTick, epoch });
    }
  }

  newest(task: string): NodeTick {
    const memory = this.remember();
    const entry = counted(this.entries.get(task), memory);
    const { tick, claimId } = entry ?? { tick: 0, claimId: NOBODY };
    const { floor } = memory;
    const prunedUpTo = entry === undefined ? prunedUpToOf(task, memory) : 0;
    return {
      tick,
      ...(isSomebody(claimId) && { claimId }),
      ...(floor > tick && { floor }),
      ...(prunedUpTo > 0 && { prunedUpTo }),
      ...(isLeftBehind(entry, memory) && { isLeftBehind: true }),
    };
  }

  /** The line as a script reads it. */
  lineText(task: string): string {
    const entry = counted(this.entries.get(task), this.remember());
    return entry === undefined ? '-' : `${entry.tick} ${entry.claimId} ${entry.previousTick}`;
  }

  /** Up to where it may have forgotten anything, and up to where it may have forgotten the line on purpose. */
  floorsOf(line: string): { readonly floor: number; readonly prunedUpTo: number } {
    const memory = this.remember();
    return { floor: memory.floor, prunedUpTo: prunedUpToOf(line, memory) };
  }

  prune(request: PruneRequest): PruneAnswer {
    return this.pruning.prune(request, this.remember(), this.clock.wallMs());
  }

  keepEnds(news: LineEnds): void {
    this.remember();
    const { line } = news;
    this.ends.set(line, withEnds(this.endsOf(line), news, Math.floor(this.clock.wallMs())));
  }

  endsOf(line: string): KeptEnds {
    return this.ends.get(line) ?? NO_ENDS;
  }

  raiseEpoch(epoch: number): EpochAnswer {
    return raiseEpoch(this.remember(), epoch, this.clock.wallMs(), this.newNonce);
  }

  private vote(claim: Claim, nowMs: number, memory: LedgerMemory, mayGrant: boolean): ClaimVote {
    const entry = counted(this.entries.get(claim.task), memory);
    // A line that has gone is one that nobody has, up to there.
    const newestTick = entry?.tick ?? prunedUpToOf(claim.task, memory);
    const byMs = setBackOfTickMs({ tick: newestTick, floor: memory.floor }, nowMs);
    // Names why, and refuses nothing by itself.
    const setBack = byMs > 0 ? { setBackMs: byMs } : {};
    if (claim.tick > nowMs + EARLY_MS) return { kind: 'early', ...setBack };
    if (claim.tick < nowMs - claim.maxLatenessMs) return { kind: 'late' };
    if (claim.tick <= memory.floor) return { kind: 'quarantined', ...setBack };
    if (entry === undefined && claim.tick <= newestTick) return { kind: 'quarantined', ...setBack };
    // The same claim again: a message that was sent twice is harmless.
    if (entry?.tick === claim.tick && entry.claimId === claim.claimId) return { kind: 'granted' };
    if (entry !== undefined && claim.tick <= entry.tick) {
      return entry.tick === claim.tick && isSomebody(entry.claimId)
        ? { kind: 'taken', claimId: entry.claimId }
        : { kind: 'taken', ...setBack };
    }
    if (!mayGrant) return { kind: 'not_asked' };
    this.entries.set(claim.task, {
      tick: claim.tick,
      claimId: claim.claimId,
      previousTick: newestTick,
      epoch: memory.epoch,
    });
    memory.highest = Math.max(memory.highest, claim.tick);
    return { kind: 'granted' };
  }
}

/** Of a task without a line. */
function prunedUpToOf(task: string, { prunedUpTo }: LedgerMemory): number {
  return mayBePruned(task) ? prunedUpTo : 0;
}

function isSomebody(claimId: string): boolean {
  return claimId !== NOBODY && claimId !== PRUNABLE_NOBODY;
}
