/** Which notes about a memory count, and whether they are enough for a vote. Part of the model of confirm-script.ts. */

import { counterOf, type LedgerId } from '../protocol/contract/ledger-id.js';
import type { Note } from '../protocol/contract/node-identity.js';
import { type NodeSet, notesNeeded } from '../protocol/contract/node-set.js';
import type { LedgerMemory } from './ledger-memory.js';

export function countOf(notes: readonly Note[]): number {
  return new Set(notes.map(({ noter }) => noter)).size;
}

/** A noter without a vote may be the wrong server: only those that vote count, or all others together. */
export function isEnough(voting: number, have: number, set: NodeSet): boolean {
  return voting >= notesNeeded(set) || have >= set.positions.length - 1;
}

interface Newest {
  id: LedgerId;
  isContested: boolean;
}

/** What the node and the notes know together, by position of the set. Of two equals the node's own word stays. */
export function newestIds(
  memory: LedgerMemory,
  notes: readonly Note[],
  set: NodeSet,
): ReadonlyMap<string, Newest> {
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

/** A note for this very id counts, unless a newer memory of its noter is known, or another of the same counter. */
export function isValid(
  { noter, noterId, ids }: Note,
  position: string,
  id: LedgerId,
  newest: ReadonlyMap<string, Newest>,
): boolean {
  const known = newest.get(noter);
  return noter !== position && ids[position] === id && known?.id === noterId && !known.isContested;
}
