/** With the lock in hand, what is claimed and has not ended is nobody's any more: a look into the ledger says what comes first. */

import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import { looksBack } from '../contract/task-policies.js';
import { newClaim } from '../ledger/claim-id.js';
import { decideStart } from '../policies/next-start.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, ENDED_HERE, OWN_CLAIM_STANDS } from './bid-verdict.js';
import type { LockedTick } from './locked-tick.js';
import { movedPast } from './moved-past.js';
import { whoseClaim } from './own-claims.js';

const NOTHING_KNOWN: BidVerdict = {
  kind: 'open',
  outcome: 'no_quorum',
  detail: 'no majority has told what was claimed before',
};

const NOTHING_TO_START: BidVerdict = {
  kind: 'decided',
  outcome: 'taken',
  detail: 'nothing is left to start',
};

export function isLocked(step: LockedTick | BidVerdict): step is LockedTick {
  return 'lease' in step;
}

/** Puts what the task's history wants first in the place of the tick that was bid for. */
export async function chooseStarts(
  parts: BidParts,
  steps: readonly (LockedTick | BidVerdict)[],
): Promise<readonly (LockedTick | BidVerdict)[]> {
  const looking = steps.filter(isLocked).filter(({ due }) => looksBack(due.task.policies));
  if (looking.length === 0) return steps;
  const peeks = await parts.ledger.peek(looking.map(({ due }) => due));
  const planned = new Map(looking.map((locked, index) => [locked, tryPlan(parts, locked, peeks[index])]));
  const idle = looking.filter((locked) => !isLocked(planned.get(locked) ?? locked));
  if (idle.length > 0) parts.track(parts.locks.release(idle.map(({ lease }) => lease.lock)));
  return steps.map((step) => (isLocked(step) ? (planned.get(step) ?? step) : step));
}

/** A schedule that throws must not end the bids for the other tasks of the moment. */
function tryPlan(parts: BidParts, locked: LockedTick, peek: PeekAnswer | undefined): LockedTick | BidVerdict {
  try {
    return plan(parts, locked, peek);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: `schedule of ${locked.due.task.name}` });
    return NOTHING_KNOWN;
  }
}

function plan(parts: BidParts, locked: LockedTick, peek: PeekAnswer | undefined): LockedTick | BidVerdict {
  const { due } = locked;
  // A claim without that knowledge could jump over every tick that is to be made up for.
  if (peek === undefined || peek.kind === 'unknown') return NOTHING_KNOWN;
  // A ledger that answers, and cannot tell: its tasks have no past.
  if (!peek.past.canTell) return locked;
  const isItsTurn = due.because === undefined || due.because === 'due';
  const start = decideStart({
    task: due.task,
    past: peek.past,
    nowMs: parts.clusterClock.nowMs(),
    ...(isItsTurn && { due }),
  });
  // The claim decides: nodes that forgot or are silent may still grant it.
  if (start === undefined)
    return isItsTurn && peek.kind === 'open' ? locked : nothingToStart(parts, due, peek);
  if (start === due) return locked;
  locked.lease.moveTo(start.tick);
  return { ...locked, due: start, claim: newClaim(parts, start), ...(isItsTurn && { contested: due }) };
}

function nothingToStart({ ownClaims }: BidParts, due: DueTick, peek: PeekAnswer): BidVerdict {
  const fate = peek.kind === 'taken' ? whoseClaim(ownClaims, due, peek.claimId) : undefined;
  if (fate === 'won') return ENDED_HERE;
  if (fate !== undefined) return OWN_CLAIM_STANDS;
  return peek.setBackMs === undefined
    ? NOTHING_TO_START
    : { kind: 'decided', ...movedPast({ setBackMs: peek.setBackMs }) };
}
