/** How one memory node forgets lines that are old: the model of prune-script.ts. */

import type { KeptEnds } from '../protocol/contract/attempt-end.js';
import {
  bearsMark,
  INSTANTS_AFTER_A_CLAIM,
  LINES_A_SLICE,
  MIN_WINDOW_MS,
  mayBePruned,
  type PruneAnswer,
  type PruneRequest,
  WINDOW_LIFE_MS,
} from '../protocol/contract/prunable-lines.js';
import type { Entry, LedgerMemory } from './ledger-memory.js';
import { counted } from './memory-epoch.js';

export class MemoryPruning {
  /** Where the pass that is under way stands. A line that comes meanwhile may be looked at, or not. */
  private pass: Iterator<string> | undefined;

  constructor(
    private readonly entries: Map<string, Entry>,
    private readonly ends: Map<string, KeptEnds>,
  ) {}

  reset(): void {
    this.pass = undefined;
  }

  prune({ windowMs, restMs }: PruneRequest, memory: LedgerMemory, nowMs: number): PruneAnswer {
    keepWindow(memory, Math.round(windowMs), nowMs);
    const endedMs = memory.passEndedMs ?? 0;
    if (this.pass === undefined && nowMs >= endedMs && nowMs < endedMs + Math.round(restMs))
      return { pruned: 0, isUnfinished: false };
    const upTo = nowMs - Math.max(memory.windowMs, MIN_WINDOW_MS);
    this.pass ??= linesOf(this.entries, this.ends);
    const lines: string[] = [];
    let isUnfinished = true;
    for (let looked = 0; looked < LINES_A_SLICE && isUnfinished; looked += 1) {
      const next = this.pass.next();
      if (next.done === true) isUnfinished = false;
      else if (this.isOld(next.value, memory, upTo)) lines.push(next.value);
      else if (this.isEndedLongAgo(next.value, upTo)) this.ends.delete(next.value);
    }
    // Before the lines go: it stands for them.
    if (lines.length > 0) {
      memory.prunedUpTo = Math.max(memory.prunedUpTo, upTo);
      memory.highest = Math.max(memory.highest, upTo);
    }
    for (const line of lines) {
      this.entries.delete(line);
      this.ends.delete(line);
    }
    if (!isUnfinished) this.pass = undefined;
    memory.passEndedMs = nowMs;
    return { pruned: lines.length, isUnfinished };
  }

  private isOld(line: string, memory: LedgerMemory, upTo: number): boolean {
    const entry = this.entries.get(line);
    if (entry === undefined || !mayBePruned(line) || !bearsMark(entry.claimId)) return false;
    return (counted(entry, memory)?.tick ?? 0) + INSTANTS_AFTER_A_CLAIM <= upTo;
  }

  /** Ends of attempts that stand without a line, as where the node missed the claim, decide nothing. */
  private isEndedLongAgo(line: string, upTo: number): boolean {
    const newest = this.ends.get(line)?.ends.at(-1);
    if (newest === undefined || this.entries.has(line) || !mayBePruned(line)) return false;
    return bearsMark(newest.claimId) && newest.atMs <= upTo;
  }
}

function* linesOf(
  entries: ReadonlyMap<string, Entry>,
  ends: ReadonlyMap<string, KeptEnds>,
): Iterator<string> {
  yield* entries.keys();
  for (const line of ends.keys()) if (!entries.has(line)) yield line;
}

/** The longest that it was told of lately. */
function keepWindow(memory: LedgerMemory, askedMs: number, nowMs: number): void {
  const { windowMs, windowToldMs } = memory;
  if (askedMs < windowMs && nowMs <= windowToldMs + Math.max(windowMs, WINDOW_LIFE_MS)) return;
  memory.windowMs = askedMs;
  memory.windowToldMs = nowMs;
}
