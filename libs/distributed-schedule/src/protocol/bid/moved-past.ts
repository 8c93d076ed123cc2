/** What is said of a tick that the nodes have moved past: somebody has claimed it, or their clocks were set back. */

import { ownerOf } from '../ledger/claim-id.js';
import { setBackWords } from '../ledger/clock-set-back.js';

export interface MovedPast {
  readonly outcome: 'taken' | 'clock_set_back';
  readonly detail: string;
  readonly by?: string;
}

/** @param answer of a ledger that says `taken` */
export function movedPast(answer: { readonly claimId?: string; readonly setBackMs?: number }): MovedPast {
  const { claimId, setBackMs } = answer;
  if (claimId === undefined && setBackMs !== undefined)
    return { outcome: 'clock_set_back', detail: setBackWords(setBackMs) };
  const owner = ownerOf(claimId);
  return { outcome: 'taken', detail: `claimed by ${owner}`, ...(claimId !== undefined && { by: owner }) };
}
