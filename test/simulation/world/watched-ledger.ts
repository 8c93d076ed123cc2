/** An instance's ledger, with an eye on what it decides: the verdict is where a tick is won. */

import type {
  AnswersWanted,
  Claim,
  ClaimsOnTheWay,
  ClaimVerdict,
  PeekVerdict,
  TickLedger,
  TickRef,
} from '#src/protocol/contract/ports.js';
import type { PruneAnswer, PruneRequest } from '#src/protocol/contract/prunable-lines.js';
import { EPOCH_MS } from './machine.js';
import type { Resident } from './resident.js';
import type { WorldParts } from './world-parts.js';

/** Bids whose locks were asked for before it retired may still be on their way, ms. */
const IN_FLIGHT_MS = 300;
/** A give-back is sent in the same turn of the event loop. */
const DEBT_MS = 1;
/** An open claim is sent again after a pause, or given back. */
const OPEN_FOR_MS = 200;

export class WatchedLedger implements TickLedger {
  /** Claims that some node may have granted in vain, until their owner gives them back. */
  private readonly owed = new Map<string, ClaimVerdict>();

  constructor(
    private readonly ledger: TickLedger,
    private readonly parts: WorldParts,
    private readonly resident: Resident,
  ) {}

  lineOf(task: string): string | undefined {
    return this.ledger.lineOf?.(task);
  }

  async claim(claims: readonly Claim[], answers?: AnswersWanted): Promise<readonly ClaimVerdict[]> {
    this.asks(claims);
    return this.decidedAll(claims, await this.ledger.claim(claims, answers));
  }

  carry(claims: readonly Claim[]): ClaimsOnTheWay | undefined {
    const onTheWay = this.ledger.carry?.(claims);
    if (onTheWay === undefined) return undefined;
    this.asks(claims);
    return {
      carried: onTheWay.carried,
      get haveLeft() {
        return onTheWay.haveLeft;
      },
      verdicts: async (places, haveLocks, answers) => {
        const verdicts = await onTheWay.verdicts(places, haveLocks, answers);
        // By a majority: what is out is known when all have been heard.
        if (!haveLocks && answers !== 'all') return verdicts;
        await this.decidedAll(
          places.flatMap((place) => claims[place] ?? []),
          verdicts,
        );
        return verdicts;
      },
    };
  }

  private asks(claims: readonly Claim[]): void {
    // Whoever stops still says of what it has run that it has ended.
    if (!claims.every((claim) => this.parts.tenures.isClosing(claim))) this.checkMayBid();
    this.parts.giveUps.sends(claims);
    this.parts.renewals.asked(claims);
    for (const claim of claims) {
      this.parts.tenures.asked(this.resident, claim);
      if (this.owed.delete(claim.claimId)) this.parts.history.count('claim sent again');
    }
  }

  private async decidedAll(
    claims: readonly Claim[],
    verdicts: readonly ClaimVerdict[],
  ): Promise<readonly ClaimVerdict[]> {
    for (const [index, verdict] of verdicts.entries()) {
      const claim = claims[index];
      if (claim !== undefined) this.decided(claim, verdict);
    }
    if (verdicts.some(({ kind }) => kind === 'won')) this.resident.reach('win');
    // What springs at `win` holds the verdict back until the process goes on.
    await this.resident.machine.turn();
    return verdicts;
  }

  giveBack(claims: readonly Claim[]): Promise<void> {
    for (const claim of claims) {
      this.owed.delete(claim.claimId);
      this.resident.claimed.delete(`${claim.task} ${claim.tick}`);
      this.parts.claims.gaveBack(claim);
      this.parts.giveUps.gaveUp(this.resident, claim);
    }
    return this.ledger.giveBack(claims);
  }

  peek(ticks: readonly TickRef[], answers?: AnswersWanted): Promise<readonly PeekVerdict[]> {
    return this.ledger.peek(ticks, answers);
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    const { profile, history } = this.parts;
    const answer = await this.ledger.prune?.(
      profile.forgets === true ? { ...request, windowMs: 0 } : request,
    );
    if (answer !== undefined && answer.pruned > 0) history.count('a line is forgotten', answer.pruned);
    return answer ?? { pruned: 0, isUnfinished: false };
  }

  private decided(claim: Claim, verdict: ClaimVerdict): void {
    const { claims, history, time } = this.parts;
    const { won, claimed, machine, retired } = this.resident;
    if (verdict.kind === 'split') history.count('split vote');
    if (verdict.kind === 'outdated') retired.sinceMs = Math.min(retired.sinceMs, time.nowMs);
    if (verdict.kind === 'won') {
      won.add(`${claim.task} ${claim.tick}`);
      claimed.add(`${claim.task} ${claim.tick}`);
      claims.won(claim);
    } else if (verdict.votesOut > 0) {
      this.owed.set(claim.claimId, verdict);
      const debtMs = verdict.undecided === true ? OPEN_FOR_MS : DEBT_MS;
      time.schedule(debtMs, () =>
        machine.run(() => {
          // What a process that stood still has slept through comes all at once.
          const isAwake = debtMs === DEBT_MS || machine.hasRunFor(debtMs);
          if (isAwake && this.owed.get(claim.claimId) === verdict) this.checkGivenBack(claim);
        }),
      );
    }
  }

  /** Votes that stand for nobody would keep the tick from everybody. */
  private checkGivenBack(claim: Claim): void {
    if (!this.owed.has(claim.claimId)) return;
    this.parts.history.fail('votes of a lost claim are given back', `${claim.task}@${claim.tick - EPOCH_MS}`);
  }

  private checkMayBid(): void {
    const { machine, id, retired } = this.resident;
    const sinceMs = this.parts.time.nowMs - retired.sinceMs;
    if (sinceMs <= IN_FLIGHT_MS || !machine.hasRunFor(IN_FLIGHT_MS)) return;
    this.parts.history.fail('no bid after a newer node set or stop()', id);
  }
}
