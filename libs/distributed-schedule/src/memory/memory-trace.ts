/** What one memory node knows of an instance that seems to be gone: the model of trace-script.ts. */

import type { LineTrace, TracedLine, TraceReply, TraceRequest } from '../protocol/contract/ports.js';
import { isClaimOf } from '../protocol/ledger/claim-id.js';
import type { MemoryBeats } from './memory-beats.js';
import type { MemoryLedger } from './memory-ledger.js';
import type { MemoryLockTable } from './memory-lock-table.js';

export interface TraceParts {
  readonly ledger: Pick<MemoryLedger, 'newest' | 'endsOf' | 'forgottenIn'>;
  readonly beats: Pick<MemoryBeats, 'signOf'>;
  readonly locks: Pick<MemoryLockTable, 'traceOf'>;
  /** The node has not been there for as long as a member may be silent. */
  readonly isNew: boolean;
}

export function trace(
  { instanceId, lines }: TraceRequest,
  { ledger, beats, locks, isNew }: TraceParts,
): TraceReply {
  const lineTrace = ({ line, lock }: TracedLine): LineTrace | undefined => {
    const { floor, prunedUpTo } = ledger.forgottenIn(line);
    // Ends go with their line, also where it was written anew since.
    const newest = { ...ledger.newest(line), ...(prunedUpTo > 0 && { prunedUpTo }) };
    if (lock === undefined && !isClaimOf(instanceId, newest.claimId)) return undefined;
    const held = lock === undefined ? undefined : locks.traceOf(lock);
    return {
      newest,
      floor,
      ends: ledger.endsOf(line),
      ...(held !== undefined && { lock: held }),
    };
  };
  return { sign: isNew ? 'unknown' : beats.signOf(instanceId), lines: lines.map(lineTrace) };
}
