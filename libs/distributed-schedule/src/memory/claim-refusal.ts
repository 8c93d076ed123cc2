/** What makes a memory node refuse a whole message of claims: the node set rule, and the ids that it names. */

import { isOutrankedBy, type LedgerId, type LedgerIds } from '../protocol/contract/ledger-id.js';
import { isProvisional, mustMeet, parseStamp, setText } from '../protocol/contract/node-set.js';
import type { ClaimTerms } from '../protocol/contract/ports.js';
import type { LedgerMemory } from './ledger-memory.js';

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
