import type { BidParts } from './bid-parts.js';
import { toRelease } from './keep-ends.js';
import type { LockedTick } from './locked-tick.js';

/** Only for ticks that this instance will never run: somebody else may win a claim the moment it is given back. */
export async function surrender(
  parts: Pick<BidParts, 'ownClaims' | 'ledger' | 'locks'>,
  ticks: readonly LockedTick[],
  /** Those of them whose claim may stand on some node. */
  standing: readonly LockedTick[] = ticks,
): Promise<void> {
  const mayStand = new Set(standing);
  for (const tick of ticks) parts.ownClaims.surrendered(tick.claim, mayStand.has(tick));
  // Both ahead of any later bid of this instance, which must find neither its own old lock nor its own old claim.
  await Promise.all([
    standing.length > 0 ? parts.ledger.giveBack(standing.map(({ claim }) => claim)) : undefined,
    ticks.length > 0 ? parts.locks.release(ticks.map(({ lease }) => toRelease(lease))) : undefined,
  ]);
}
