/** The model of identity-scripts.ts and confirm-script.ts, check for check in the same order. */

import { EARLY_MS, MARGIN_MS } from '../protocol/contract/constants.js';
import { counterOf, isOutrankedBy, type LedgerId, type LedgerIds } from '../protocol/contract/ledger-id.js';
import type {
  ConfirmAnswer,
  ConfirmRequest,
  NodeIdentity,
  NoteAnswer,
  NoteRequest,
  StampAnswer,
  StampRequest,
} from '../protocol/contract/node-identity.js';
import { mustMeet, type NodeSet, notesForced, parseStamp, stampText } from '../protocol/contract/node-set.js';
import { setBackOfMemoryMs } from '../protocol/ledger/clock-set-back.js';
import type { LedgerMemory } from './ledger-memory.js';
import { countOf, isEnough, isValid, newestIds } from './note-count.js';

/** The newest ids that a node knows, of the positions of a set: its own among them. */
export function knownIds(memory: LedgerMemory, position: string, set: NodeSet): LedgerIds {
  const ids: Record<string, LedgerId> = {};
  for (const one of set.positions) {
    const id = one === position ? memory.id : memory.noted.get(one);
    if (id !== undefined) ids[one] = id;
  }
  return ids;
}

/** @param usedBy a live instance whose last beat names another id of the position */
export function note(
  memory: LedgerMemory,
  position: string,
  request: NoteRequest,
  nowMs: number,
  usedBy: () => string | undefined,
): NoteAnswer {
  if (isForeign(memory, request.set)) return { kind: 'foreign' };
  const known = memory.noted.get(request.position);
  if (known !== undefined && isOutrankedBy(request.id, known)) return { kind: 'not_newer', newest: known };
  const by = usedBy();
  if (by !== undefined) return { kind: 'in_use', by };
  memory.noted.set(request.position, request.id);
  const ids = knownIds(memory, position, request.set);
  const { id: noterId, epoch } = memory;
  const [timeMs, hasVote] = [noteTimeMs(memory, nowMs), memory.vote === position];
  return { kind: 'noted', note: { noter: position, noterId, timeMs, hasVote, ids, epoch } };
}

/** An id that votes gives way only to a higher counter: the others have replaced it. Nobody relies on one without a vote. */
export function renumber(
  memory: LedgerMemory,
  position: string,
  id: LedgerId,
  counter: number,
  nowMs: number,
): LedgerId {
  const hasVote = memory.vote === position;
  if (memory.id !== id || (hasVote && counter <= counterOf(id))) return memory.id;
  memory.id = `${Math.max(counter, counterOf(id))}.${id.slice(id.indexOf('.') + 1)}`;
  memory.vote = undefined;
  if (hasVote) memory.idSinceMs = nowMs;
  return memory.id;
}

export function confirm(
  memory: LedgerMemory,
  position: string,
  { id, notes: given, set, waitMs }: ConfirmRequest,
  nowMs: number,
): ConfirmAnswer {
  if (memory.id !== id) return { kind: 'other_id', id: memory.id };
  if (isForeign(memory, set)) return { kind: 'foreign' };
  if (memory.vote === position) return { kind: 'voting' };
  // What a noter has granted in an epoch that this node has left behind must not come back with its note.
  const notes = given.filter(({ epoch }) => epoch >= memory.epoch);
  const newest = newestIds(memory, given, set);
  const valid = notes.filter((one) => isValid(one, position, id, newest));
  const have = countOf(valid);
  const isNoted = isEnough(countOf(valid.filter(({ hasVote }) => hasVote)), have, set);
  const untilMs = waitMs !== undefined && Number.isFinite(waitMs) ? memory.idSinceMs + waitMs : undefined;
  const isForced = !isNoted && untilMs !== undefined && nowMs >= untilMs && have >= notesForced(set);
  if (isNoted || isForced) {
    const latestMs = Math.max(0, ...notes.map(({ timeMs }) => timeMs));
    // A noter may have granted, to a claim that named the old memory, up to the time of its note.
    if (notes.length > 0) memory.floor = Math.max(memory.floor, latestMs + EARLY_MS + MARGIN_MS);
    for (const [other, known] of newest) if (other !== position) memory.noted.set(other, known.id);
    memory.vote = position;
    // Until the notes were made, locks were renewed that named the memory before.
    memory.sinceMs = nowMs;
    return { kind: 'voting', ...(isForced && { isForced }) };
  }
  return untilMs === undefined ? { kind: 'void', have } : { kind: 'waiting', untilMs };
}

export function stamp(
  memory: LedgerMemory,
  { stamp: asked, id, expected, raiseFloor, floorFromMs = 0, deadlineMs }: StampRequest,
  nowMs: number,
): StampAnswer {
  if (deadlineMs > 0 && nowMs > deadlineMs) return 'too_late';
  if (memory.stamp !== expected || (id !== undefined && memory.id !== id)) return 'changed';
  memory.stamp = stampText(asked);
  // Up to the instant since when the new set stands, others may have granted to the one before, by their own clocks.
  const fromMs = raiseFloor ? Math.max(floorFromMs, nowMs, asked.sinceMs) : floorFromMs;
  if (fromMs > 0) memory.floor = Math.max(memory.floor, fromMs + EARLY_MS + MARGIN_MS);
  return 'stamped';
}

/** After a loss of memory the floor bounds what was granted before, also where the clock has stepped back since. */
function noteTimeMs({ highest, floor }: LedgerMemory, nowMs: number): number {
  return Math.max(nowMs, highest, floor - EARLY_MS - MARGIN_MS);
}

/** Stamped by a set whose majorities need not meet the caller's: nothing here is done for the caller's set. */
function isForeign(memory: LedgerMemory, set: NodeSet): boolean {
  const onRecord = parseStamp(memory.stamp);
  return onRecord !== undefined && !mustMeet(onRecord.set, set);
}

export function identityOf(
  memory: LedgerMemory,
  position: string,
  set: NodeSet,
  nowMs: number,
): Omit<NodeIdentity, 'liveSets'> {
  const { [position]: _, ...noted } = knownIds(memory, position, set);
  return {
    id: memory.id,
    hasVote: memory.vote === position,
    sinceMs: memory.idSinceMs,
    nowMs: Math.floor(nowMs),
    noted,
    stamp: parseStamp(memory.stamp),
    epoch: memory.epoch,
    setBackMs: setBackOfMemoryMs(memory, nowMs),
  };
}
