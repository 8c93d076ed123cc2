/**
 * How one memory node comes by its vote and its stamp, and what it notes about the others: the model of the scripts in
 * identity-scripts.ts and confirm-script.ts, check for check in the same order.
 */

import { EARLY_MS, MARGIN_MS } from '../protocol/contract/constants.js';
import { counterOf, isOutrankedBy, type LedgerId, type LedgerIds } from '../protocol/contract/ledger-id.js';
import type {
  ConfirmAnswer,
  ConfirmRequest,
  NodeIdentity,
  Note,
  NoteAnswer,
  NoteRequest,
  StampAnswer,
  StampRequest,
} from '../protocol/contract/node-identity.js';
import {
  mustMeet,
  type NodeSet,
  notesForced,
  notesNeeded,
  parseStamp,
  stampText,
} from '../protocol/contract/node-set.js';
import { setBackOfMemoryMs } from '../protocol/ledger/clock-set-back.js';
import type { LedgerMemory } from './ledger-memory.js';

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
  return {
    kind: 'noted',
    note: {
      noter: position,
      noterId: memory.id,
      timeMs: noteTimeMs(memory, nowMs),
      hasVote: memory.vote === position,
      ids,
      epoch: memory.epoch,
    },
  };
}

/**
 * Nobody relies on an id without a vote. One that has a vote is given up only for a higher counter: the others have replaced
 * it, and what it knows is no less for that.
 */
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

/**
 * A node that has lost its memory does not know what it granted before. Its floor says until when that can have been, by the
 * clock as it stood at the loss, which may have stepped back since.
 */
function noteTimeMs({ highest, floor }: LedgerMemory, nowMs: number): number {
  return Math.max(nowMs, highest, floor - EARLY_MS - MARGIN_MS);
}

function countOf(notes: readonly Note[]): number {
  return new Set(notes.map(({ noter }) => noter)).size;
}

/**
 * With two positions of five in doubt at once, a noter without a vote may be the wrong server itself: only those that vote count,
 * or all others together, as when all nodes are new.
 */
function isEnough(voting: number, have: number, set: NodeSet): boolean {
  return voting >= notesNeeded(set) || have >= set.positions.length - 1;
}

/** Stamped by a set whose majorities need not meet the caller's: nothing here is done for the caller's set. */
function isForeign(memory: LedgerMemory, set: NodeSet): boolean {
  const onRecord = parseStamp(memory.stamp);
  return onRecord !== undefined && !mustMeet(onRecord.set, set);
}

/** The newest id of a position that is known, and whether another memory has the same counter. */
interface Newest {
  id: LedgerId;
  isContested: boolean;
}

/** What the node and the notes know together, by position of the set. Of two equals the node's own word stays. */
function newestIds(memory: LedgerMemory, notes: readonly Note[], set: NodeSet): ReadonlyMap<string, Newest> {
  const newest = new Map<string, Newest>();
  const learn = (position: string, id: LedgerId | undefined): void => {
    if (id === undefined || !set.positions.includes(position)) return;
    const known = newest.get(position);
    if (known === undefined || counterOf(id) > counterOf(known.id)) {
      newest.set(position, { id, isContested: false });
    } else if (counterOf(id) === counterOf(known.id) && id !== known.id) known.isContested = true;
  };
  for (const position of set.positions) learn(position, memory.noted.get(position));
  for (const { noter, noterId, ids } of notes) {
    learn(noter, noterId);
    for (const [position, id] of Object.entries(ids)) learn(position, id);
  }
  return newest;
}

/**
 * A note counts when it was made for this very id by another member of the set, and nobody knows a newer memory of that
 * noter, or another of the same counter: what a memory has noted is gone with it.
 */
function isValid(
  { noter, noterId, ids }: Note,
  position: string,
  id: LedgerId,
  newest: ReadonlyMap<string, Newest>,
): boolean {
  const known = newest.get(noter);
  return noter !== position && ids[position] === id && known?.id === noterId && !known.isContested;
}

/** As a beat shows it. */
export function identityOf(
  memory: LedgerMemory,
  position: string,
  set: NodeSet,
  nowMs: number,
): Omit<NodeIdentity, 'liveSets'> {
  const noted = set.positions.flatMap((one) => {
    const id = one === position ? undefined : memory.noted.get(one);
    return id === undefined ? [] : [[one, id] as const];
  });
  return {
    id: memory.id,
    hasVote: memory.vote === position,
    sinceMs: memory.idSinceMs,
    nowMs: Math.floor(nowMs),
    noted: Object.fromEntries(noted),
    stamp: parseStamp(memory.stamp),
    epoch: memory.epoch,
    setBackMs: setBackOfMemoryMs(memory, nowMs),
  };
}
