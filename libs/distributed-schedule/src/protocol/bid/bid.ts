/**
 * Steps 4 and 5 for all ticks of one moment, lock and claim, in one message per node, or in one for each step.
 * Policies that look back read the ledger in between: under the lock, a claimed tick without an end is nobody's.
 */

import type { DueTick } from '../contract/due-tick.js';
import { looksBack } from '../contract/task-policies.js';
import { newClaim } from '../ledger/claim-id.js';
import type { GuardedLedger } from '../ledger/guarded-ports.js';
import { type BidCalls, bidInOneStep } from './bid-in-one-step.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, NO_VERDICT, withoutBid } from './bid-verdict.js';
import { chooseStarts } from './choose-starts.js';
import { claimLocked } from './claim-batch.js';
import { lockTicks } from './lock-ticks.js';

/** What may be bid for together: everything, but for tasks that run once, which are each on their own. */
export function inBatches<T>(
  ledger: Pick<GuardedLedger, 'runsOnce'>,
  ticks: readonly T[],
  dueOf: (tick: T) => DueTick,
): readonly (readonly T[])[] {
  const alone = ticks.filter((tick) => ledger.runsOnce(dueOf(tick).task.name));
  const together = ticks.filter((tick) => !alone.includes(tick));
  return [...(together.length > 0 ? [together] : []), ...alone.map((tick) => [tick])];
}

/** Bids for every tick of the batch, and starts each that is won at once. One verdict each, in order; never rejects. */
export async function bidForTicks(
  parts: BidParts,
  batch: readonly DueTick[],
  calls: BidCalls,
): Promise<readonly BidVerdict[]> {
  const refusal = parts.electorate?.mayBid();
  if (refusal !== undefined) return batch.map(() => withoutBid(refusal));
  // With the lock in hand the history of the task may want another tick first: only then is it known what to claim. And where a run of
  // the task holds the lock here, a node that has lost that lock would grant the claim, and refuse the renewal because of it.
  const isLate = batch.map(({ task }) => looksBack(task.policies) || parts.isRunning?.(task.name) === true);
  const [early, late] = [
    batch.filter((_, index) => !isLate[index]),
    batch.filter((_, index) => isLate[index]),
  ];
  const [ofEarly, ofLate] = await Promise.all([
    bidAtOnce(parts, early, calls),
    bidInTwoSteps(parts, late, calls),
  ]);
  const [nextEarly, nextLate] = [ofEarly.values(), ofLate.values()];
  return isLate.map((is) => (is ? nextLate : nextEarly).next().value ?? NO_VERDICT);
}

async function bidAtOnce(...bid: Parameters<typeof bidInTwoSteps>): Promise<readonly BidVerdict[]> {
  return (await bidInOneStep(...bid)) ?? bidInTwoSteps(...bid);
}

async function bidInTwoSteps(
  parts: BidParts,
  batch: readonly DueTick[],
  { start }: BidCalls,
): Promise<readonly BidVerdict[]> {
  if (batch.length === 0) return [];
  const asked = batch.map((due) => ({ due, claim: newClaim(parts, due) }));
  return claimLocked(parts, await chooseStarts(parts, await lockTicks(parts, asked)), start);
}
