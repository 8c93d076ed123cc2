/**
 * An instance that slept knows a trigger at its old instant, another tick: both would run. So a triggered tick also
 * claims the trigger's own line, at its first instant. Neither claim is won alone.
 */

import type {
  AnswersWanted,
  Claim,
  ClaimsOnTheWay,
  ClaimVerdict,
  PeekVerdict,
  TickLedger,
  TickRef,
} from '../contract/ports.js';
import { bearsMark, PRUNABLE_MARK, type PruneAnswer, type PruneRequest } from '../contract/prunable-lines.js';

export class TriggerLedger implements TickLedger {
  constructor(private readonly ledger: TickLedger) {}

  runsOnce(task: string): boolean {
    return this.ledger.runsOnce?.(task) === true;
  }

  lineOf(task: string): string | undefined {
    return this.ledger.lineOf?.(task);
  }

  peek(ticks: readonly TickRef[], answers?: AnswersWanted): Promise<readonly PeekVerdict[]> {
    return this.ledger.peek(ticks, answers);
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    return (await this.ledger.prune?.(request)) ?? { pruned: 0, isUnfinished: false };
  }

  async claim(claims: readonly Claim[], answers?: AnswersWanted): Promise<readonly ClaimVerdict[]> {
    const triggers = claims.flatMap(triggerClaim);
    if (triggers.length === 0) return this.ledger.claim(claims, answers);
    const verdicts = await this.ledger.claim([...claims, ...triggers], answers);
    const ofTriggers = verdicts.slice(claims.length).values();
    return verdicts.slice(0, claims.length).map((verdict, index) => {
      const claim = claims[index];
      const isTriggered = claim?.trigger !== undefined;
      return isTriggered ? both(claim, verdict, ofTriggers.next().value) : verdict;
    });
  }

  /** Two claims in one are two messages. */
  carry(claims: readonly Claim[]): ClaimsOnTheWay | undefined {
    return claims.some(({ trigger }) => trigger !== undefined) ? undefined : this.ledger.carry?.(claims);
  }

  giveBack(claims: readonly Claim[]): Promise<void> {
    return this.ledger.giveBack([...claims, ...claims.flatMap(triggerClaim)]);
  }
}

/** The trigger's instant lies before the tick, so its limit is longer by that: it is late when the tick is, and never early. */
function triggerClaim(claim: Claim): readonly Claim[] {
  const { trigger, claimId, tick, maxLatenessMs } = claim;
  if (trigger === undefined) return [];
  const id = bearsMark(claimId) ? claimId : `${claimId}${PRUNABLE_MARK}`;
  return [{ ...trigger, claimId: id, maxLatenessMs: maxLatenessMs + Math.max(0, tick - trigger.tick) }];
}

/** What two claims in one are worth: won where both are, and else what the one says that is not. */
function both(claim: Claim, ofTick: ClaimVerdict, ofTrigger: ClaimVerdict | undefined): ClaimVerdict {
  const votesOut = ofTick.votesOut + (ofTrigger?.votesOut ?? 0);
  if (ofTick.kind !== 'won') return { ...ofTick, votesOut };
  if (ofTrigger === undefined) return { kind: 'no_quorum', votesOut, reason: 'no verdict about the trigger' };
  if (ofTrigger.kind === 'won') return { ...ofTick, votesOut };
  if (ofTrigger.kind !== 'taken' || ofTrigger.claimId === undefined) return { ...ofTrigger, votesOut };
  // By this id its owner knows whether it is one of its own.
  const own = bearsMark(claim.claimId)
    ? ofTrigger.claimId
    : ofTrigger.claimId.slice(0, -PRUNABLE_MARK.length);
  return { ...ofTrigger, votesOut, claimId: own };
}
