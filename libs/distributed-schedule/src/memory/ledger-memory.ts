import type { KeptEnds } from '../protocol/contract/attempt-end.js';
import { EARLY_MS, MARGIN_MS, PROTOCOL_VERSION } from '../protocol/contract/constants.js';
import { counterOf, isOutrankedBy, type LedgerId, type LedgerIds } from '../protocol/contract/ledger-id.js';
import { isProvisional, mustMeet, parseStamp, setText } from '../protocol/contract/node-set.js';
import type { ClaimTerms } from '../protocol/contract/ports.js';

/** A task's newest grant, and the tick before it for a give-back. */
export interface Entry {
  readonly tick: number;
  readonly claimId: string;
  readonly previousTick: number;
  readonly epoch: number;
}

/** What a node keeps in its memory, and loses with it. */
export interface LedgerMemory {
  version: number;
  incarnation: number;
  floor: number;
  sinceMs: number;
  id: LedgerId;
  /** Node time since when this id has listened to beats. */
  idSinceMs: number;
  /** The position at which the id votes; undefined while it has no vote. */
  vote: string | undefined;
  /** As text, since it is compared as text; `''` for none. */
  stamp: string;
  highest: number;
  /** How often what was granted by a clock that was set back has been left behind. */
  epoch: number;
  /** What older epochs have granted above this counts no more. */
  burntAboveMs: number;
  /** Lines that are not there may have gone: nothing at or below this is granted to their tasks. */
  prunedUpTo: number;
  /** The longest time for which somebody may still claim an instant, as far as the node was told, and when it was told that. */
  windowMs: number;
  windowToldMs: number;
  /** When lines were last looked through; undefined: never. */
  passEndedMs: number | undefined;
  /** The newest ids of other nodes, by position. */
  readonly noted: Map<string, LedgerId>;
}

export interface LedgerSnapshot {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly ends: ReadonlyMap<string, KeptEnds>;
  readonly memory: LedgerMemory | undefined;
}

/** Of a node that may have forgotten: it abstains up to its floor, and is no longer the one that the others have noted. */
export function memoryAfter(
  memory: LedgerMemory | undefined,
  incarnation: number,
  nowMs: number,
  nonce: string,
): LedgerMemory {
  return {
    version: PROTOCOL_VERSION,
    incarnation,
    floor: Math.max(memory?.floor ?? 0, nowMs + EARLY_MS + MARGIN_MS),
    sinceMs: nowMs,
    id: `${counterOf(memory?.id ?? '') + 1}.${nonce}`,
    idSinceMs: nowMs,
    vote: undefined,
    stamp: memory?.stamp ?? '',
    highest: memory?.highest ?? 0,
    epoch: memory?.epoch ?? 0,
    burntAboveMs: memory?.burntAboveMs ?? 0,
    prunedUpTo: memory?.prunedUpTo ?? 0,
    windowMs: memory?.windowMs ?? 0,
    windowToldMs: memory?.windowToldMs ?? 0,
    passEndedMs: memory?.passEndedMs,
    noted: memory?.noted ?? new Map(),
  };
}

export function copyOf(memory: LedgerMemory | undefined): LedgerMemory | undefined {
  return memory && { ...memory, noted: new Map(memory.noted) };
}

export type WholeRefusal = 'unstamped' | 'outdated' | 'conflict' | 'renamed' | 'unconfirmed' | 'too_late';

/** The node set rule. Undefined: the caller's set is the one on record, or its majorities must meet that one's. */
export function standingOf(
  { set }: ClaimTerms,
  stampOnRecord: string,
): Extract<WholeRefusal, 'unstamped' | 'outdated' | 'conflict'> | undefined {
  const stamp = parseStamp(stampOnRecord);
  if (stamp === undefined || set.generation > stamp.set.generation) return 'unstamped';
  if (set.generation < stamp.set.generation) return 'outdated';
  if (setText(set) !== setText(stamp.set) && !mustMeet(set, stamp.set)) return 'conflict';
  return isProvisional(stamp) ? 'unstamped' : undefined;
}

/** The ids by which this node refuses a message, or undefined when it does not. */
export function refusedIds(
  ids: LedgerIds,
  position: string,
  { id, noted }: Pick<LedgerMemory, 'id' | 'noted'>,
): LedgerIds | undefined {
  const newer: Record<string, LedgerId> = {};
  if (ids[position] !== id) newer[position] = id;
  for (const [other, named] of Object.entries(ids)) {
    const known = noted.get(other);
    if (other !== position && known !== undefined && isOutrankedBy(named, known)) newer[other] = known;
  }
  return Object.keys(newer).length === 0 ? undefined : newer;
}
