/** How what runs here has ended is written on the nodes: with the release of its lock, or alone where none follows soon. */

import { hasRun, type TickReport } from '../contract/outcome.js';
import type { LockToRelease } from '../contract/ports.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import type { Lease } from '../lease/lease.js';
import type { BidParts } from './bid-parts.js';

/** Others must be able to tell what has ended from what dies with this instance, also while the lock goes on. Never rejects. */
export async function keepEnds({ locks }: Pick<BidParts, 'locks'>, { claims }: Lease): Promise<void> {
  const ended = claims?.takeEnds();
  if (ended !== undefined) await locks.keepEnds?.([ended]);
}

/** Of a tick that has ended here without a run, though others may have been told that this instance has it. Undefined: nothing is left. */
export function keepEndOfLeftBehind(
  parts: Pick<BidParts, 'locks' | 'ownClaims' | 'ledger'>,
  { outcome, tick }: TickReport,
  { name, policies }: ScheduledTask,
): Promise<void> | undefined {
  const claim = hasRun(outcome) ? undefined : parts.ownClaims.takeLeftBehind({ task: name, tick });
  const line = claim === undefined ? undefined : parts.ledger.lineOf(name);
  if (claim === undefined || line === undefined) return undefined;
  const ends = [{ instant: tick, claimId: claim.claimId, outcome: 'stopped' as const }];
  return parts.locks.keepEnds?.([{ line, ends, ...(policies?.overlap === 'allow' && { mayOverlap: true }) }]);
}

/** The lock, with what has ended under it. */
export function toRelease({ lock, claims }: Lease): LockToRelease {
  const ended = claims?.takeEnds();
  return { ...lock, ...(ended && { ended }) };
}
