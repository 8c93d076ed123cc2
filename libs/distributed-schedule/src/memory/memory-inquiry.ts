/** What one memory node knows of an instance that seems to be gone: the model of inquiry-script.ts. */

import type { InquiredLine, InquiryReply, InquiryRequest, LineInquiry } from '../protocol/contract/ports.js';
import { isClaimOf } from '../protocol/ledger/claim-id.js';
import type { MemoryBeats } from './memory-beats.js';
import type { MemoryLedger } from './memory-ledger.js';
import type { MemoryLockTable } from './memory-lock-table.js';

export interface InquiryParts {
  readonly ledger: Pick<MemoryLedger, 'newest' | 'endsOf' | 'floorsOf'>;
  readonly beats: Pick<MemoryBeats, 'signOf'>;
  readonly locks: Pick<MemoryLockTable, 'standingOf'>;
  /** The node has not been there for as long as a member may be silent. */
  readonly isNew: boolean;
}

export function inquire(
  { instanceId, lines }: InquiryRequest,
  { ledger, beats, locks, isNew }: InquiryParts,
): InquiryReply {
  const lineInquiry = ({ line, lock }: InquiredLine): LineInquiry | undefined => {
    const { floor, prunedUpTo } = ledger.floorsOf(line);
    // Ends go with their line, also where it was written anew since.
    const newest = { ...ledger.newest(line), ...(prunedUpTo > 0 && { prunedUpTo }) };
    if (lock === undefined && !isClaimOf(instanceId, newest.claimId)) return undefined;
    const held = lock === undefined ? undefined : locks.standingOf(lock);
    return {
      newest,
      floor,
      ends: ledger.endsOf(line),
      ...(held !== undefined && { lock: held }),
    };
  };
  return { sign: isNew ? 'unknown' : beats.signOf(instanceId), lines: lines.map(lineInquiry) };
}
