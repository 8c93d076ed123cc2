/**
 * Once and never again: instances may have different instants in mind, each from its own boot, and two would be two runs.
 *
 * So a run needs two claims of its instant T, each on a majority: in the task's line, then in a second line of its runs.
 *
 *   1  claims T in the task's line                  lost: not ours
 *   2  reads the second line                        another tick stands there: it runs, or has run
 *   3  claims T in the second line                  lost: not ours
 *   4  reads the task's line                        a later tick stands there, or may have: give way
 *
 * Why two never come through, and what memory is assumed, is in docs/protocol/timeouts.md. An instance that dies between
 * 3 and 4 counts as a run: nothing runs "just in case".
 */

import { type LinePast, newestInstant } from '../contract/line-past.js';
import type {
  AnswersWanted,
  Claim,
  ClaimsOnTheWay,
  ClaimVerdict,
  PeekVerdict,
  TickLedger,
  TickRef,
} from '../contract/ports.js';
import type { PruneAnswer, PruneRequest } from '../contract/prunable-lines.js';
import { INSTANTS_PER_TICK } from '../contract/task-policies.js';
import { toPast } from '../ledger/line-past.js';

/** No name of a task has braces, so these lines are never those of another task. */
const OPEN = '{';
const RUNS = '{runs';

/** Tries of a task whose claims may stand at the same time. */
const MAX_SURRENDERED = 32;

export class TimeoutLedger implements TickLedger {
  /** By task: what its run is once for. */
  private readonly lines = new Map<string, string>();
  /** By task: the newest instant that was seen in its second line. */
  private readonly runs = new Map<string, number>();

  /** By task: instants of its claims that were surrendered here, the newest few. They may stand in the second line for a while. */
  private readonly surrendered = new Map<string, readonly number[]>();

  constructor(private readonly ledger: TickLedger) {}

  /** From now on the task runs once for `key`, whatever the instant. A name has no more than one key in one instance. */
  limit(task: string, key: string): void {
    this.lines.set(task, `${task}${OPEN}${key}`);
    this.runs.delete(task);
  }

  runsOnce(task: string): boolean {
    return this.lines.has(task);
  }

  /** Of a task that runs once the second line tells of its runs: the first has claims of others, too, who then give way. */
  lineOf(task: string): string | undefined {
    return this.ledger.lineOf?.(this.lines.has(task) ? this.second({ task, tick: 0 }).task : task);
  }

  /** The run found in the second line at the last read; undefined: none. Its claim may still be given back. */
  runOf(task: string): number | undefined {
    return this.runs.get(task);
  }

  async claim(claims: readonly Claim[], answers?: AnswersWanted): Promise<readonly ClaimVerdict[]> {
    // The contest does not mix them, see TickLedger.runsOnce: here the plain ones would wait for all steps of the others.
    const plain = claims.filter((claim) => !this.isTimeout(claim));
    const [plainVerdicts, ...onceVerdicts] = await Promise.all([
      plain.length > 0 ? this.ledger.claim(plain, answers) : [],
      ...claims.filter((claim) => this.isTimeout(claim)).map((claim) => this.claimInFourSteps(claim)),
    ]);
    const [nextPlain, nextOnce] = [plainVerdicts.values(), onceVerdicts.values()];
    return claims.map(
      (claim) =>
        (this.isTimeout(claim) ? nextOnce : nextPlain).next().value ?? refused(claims.length, 'no verdict'),
    );
  }

  async giveBack(claims: readonly Claim[]): Promise<void> {
    for (const { task, tick } of claims.filter((claim) => this.isTimeout(claim))) {
      const before = (this.surrendered.get(task) ?? []).filter((instant) => instant !== tick);
      this.surrendered.set(task, [...before.slice(1 - MAX_SURRENDERED), tick]);
    }
    await this.ledger.giveBack(
      claims.flatMap((claim) => (this.isTimeout(claim) ? [this.second(claim), this.first(claim)] : [claim])),
    );
  }

  async peek(ticks: readonly TickRef[], answers?: AnswersWanted): Promise<readonly PeekVerdict[]> {
    const once = ticks.filter((ref) => this.isTimeout(ref));
    if (once.length === 0) return this.ledger.peek(ticks, answers);
    const lines = [...ticks.map((ref) => this.first(ref)), ...once.map((ref) => this.second(ref))];
    const verdicts = await this.ledger.peek(lines, 'all');
    const second = new Map(once.map((ref, index) => [ref, toPast(verdicts[ticks.length + index])]));
    return ticks.map((ref, index): PeekVerdict => {
      const own = verdicts[index] ?? { kind: 'unknown' };
      const runs = second.get(ref);
      if (runs === undefined) return own;
      this.note(ref.task, runs);
      const { setBackMs: _, ...known } = own;
      return isAnother(runs, ref.tick) ? { ...known, kind: 'taken' } : own;
    });
  }

  /** What takes four steps goes with no lock. */
  carry(claims: readonly Claim[]): ClaimsOnTheWay | undefined {
    return claims.some((claim) => this.isTimeout(claim)) ? undefined : this.ledger.carry?.(claims);
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    return (await this.ledger.prune?.(request)) ?? { pruned: 0, isUnfinished: false };
  }

  private async claimInFourSteps(claim: Claim): Promise<ClaimVerdict> {
    const [first] = await this.ledger.claim([this.first(claim)]);
    if (first?.kind !== 'won') return first ?? refused(1, 'no verdict');
    const { votesOut } = first;
    const before = await this.look(this.second(claim));
    this.note(claim.task, before);
    if (!before.knowsGrants)
      return { ...refused(votesOut, 'nobody could say whether it has run'), undecided: true };
    if (isAnother(before, claim.tick)) {
      // Somebody else may have claimed that instant since, so the way is not free; but nobody is known to have.
      return this.surrendered.get(claim.task)?.includes(before.grantedUpTo) === true
        ? refused(votesOut, 'a claim of an earlier try stands there, which this instance has given up')
        : { kind: 'taken', votesOut };
    }
    if (before.grantedUpTo === 0 && before.possiblyGrantedUpTo >= claim.tick)
      return refused(votesOut, 'a node has just lost its memory, and may have known that it has run');
    const [second] = await this.ledger.claim([this.second(claim)]);
    if (second?.kind !== 'won')
      return second === undefined ? refused(votesOut, 'no verdict') : { ...second, votesOut };
    const after = await this.look(this.first(claim));
    if (!after.canTell)
      return { ...refused(votesOut, 'nobody could say whether another has come later'), undecided: true };
    return newestInstant(after) === claim.tick ? second : { kind: 'split', votesOut };
  }

  private note(task: string, runs: LinePast): void {
    if (!runs.knowsGrants) return;
    if (runs.grantedUpTo > 0) this.runs.set(task, runs.grantedUpTo);
    else this.runs.delete(task);
  }

  private async look(ref: TickRef): Promise<LinePast> {
    const [verdict] = await this.ledger.peek([ref], 'all');
    return toPast(verdict);
  }

  private isTimeout({ task }: TickRef): boolean {
    return this.lines.has(task);
  }

  private first<T extends TickRef>(ref: T): T {
    return { ...ref, task: this.lines.get(ref.task) ?? ref.task };
  }

  private second<T extends TickRef>(ref: T): T {
    return { ...ref, task: `${this.first(ref).task}${RUNS}` };
  }
}

/** Whether the instant that was found belongs to another tick than the one that `instant` belongs to. */
function isAnother({ knowsGrants, grantedUpTo }: LinePast, instant: number): boolean {
  const isThere = knowsGrants && grantedUpTo > 0;
  return isThere && (grantedUpTo <= instant - INSTANTS_PER_TICK || grantedUpTo > instant);
}

function refused(votesOut: number, reason: string): ClaimVerdict {
  return { kind: 'no_quorum', votesOut, reason };
}
