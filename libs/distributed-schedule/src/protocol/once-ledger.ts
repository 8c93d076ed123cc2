/**
 * Once and never again, for tasks that run once in all. The ledger decides about one *instant*, and instances may have
 * different instants in mind for the one run: each counts from its own boot until it has heard of the others. Two instants
 * would be two runs.
 *
 * So a run of such a task needs two claims, of its instant T: first in the task's own line of the ledger, then in a second
 * line that says that somebody runs it. A winner
 *
 *   1  claims T in the task's line                  lost: not ours
 *   2  reads the second line                        another tick stands there: it runs, or has run
 *   3  claims T in the second line                  lost: not ours
 *   4  reads the task's line                        a later tick stands there: give way
 *
 * each on a majority of nodes, and where a line is read the highest instant of all that answer counts.
 *
 * Why two never run: let A with T1 and B with a later T2 both have come through. A has found no T2 in the task's line in
 * step 4, so of the nodes that it read one took B's first claim only afterwards (two majorities share a node). So B was in
 * step 1 when A had been through step 3, and found A's claim in step 2. With equal instants step 1 lets one through. No
 * clock, no expiry and no lock is used. What is assumed is memory: of the nodes that granted A's second claim one that still
 * knows it has to answer B, as there is no floor under an instant that nobody can foretell.
 *
 * The price: an instance that dies between steps 3 and 4, or a claim of that line that could not be given back, counts as a
 * run. Nothing runs "just in case".
 */

import type { Claim, ClaimVerdict, PeekVerdict, TickLedger, TickRef } from './ports.js';
import { INSTANTS_PER_TICK } from './task-policies.js';

/** No name of a task has braces, so these lines are never those of another task. */
const OPEN = '{';
const RUNS = '{runs';

export class OnceLedger implements TickLedger {
  /** By task: what its run is once for. */
  private readonly lines = new Map<string, string>();

  constructor(private readonly ledger: TickLedger) {}

  /** From now on the task runs once for `key`, whatever the instant. A name has no more than one key in one instance. */
  limit(task: string, key: string): void {
    this.lines.set(task, `${task}${OPEN}${key}`);
  }

  async claim(claims: readonly Claim[]): Promise<readonly ClaimVerdict[]> {
    const [plain, once] = [claims.filter((c) => !this.isOnce(c)), claims.filter((c) => this.isOnce(c))];
    const [plainVerdicts, onceVerdicts] = await Promise.all([
      plain.length > 0 ? this.ledger.claim(plain) : [],
      Promise.all(once.map((claim) => this.claimOnce(claim))),
    ]);
    const verdicts = new Map<Claim, ClaimVerdict | undefined>([
      ...plain.map((claim, index) => [claim, plainVerdicts[index]] as const),
      ...once.map((claim, index) => [claim, onceVerdicts[index]] as const),
    ]);
    return claims.map((claim) => verdicts.get(claim) ?? refused(claims.length, 'no verdict'));
  }

  async giveBack(claims: readonly Claim[]): Promise<void> {
    await this.ledger.giveBack(
      claims.flatMap((claim) => (this.isOnce(claim) ? [this.second(claim), this.first(claim)] : [claim])),
    );
  }

  async peek(ticks: readonly TickRef[]): Promise<readonly PeekVerdict[]> {
    const once = ticks.filter((ref) => this.isOnce(ref));
    const verdicts = await this.ledger.peek([
      ...ticks.map((ref) => this.first(ref)),
      ...once.map((ref) => this.second(ref)),
    ]);
    return ticks.map((ref, index): PeekVerdict => {
      const own = verdicts[index] ?? { kind: 'unknown' };
      const runs = this.isOnce(ref) ? verdicts[ticks.length + once.indexOf(ref)] : undefined;
      return isAnother(runs, ref.tick) ? { ...own, kind: 'taken' } : own;
    });
  }

  private async claimOnce(claim: Claim): Promise<ClaimVerdict> {
    const [first] = await this.ledger.claim([this.first(claim)]);
    if (first?.kind !== 'won') return first ?? refused(1, 'no verdict');
    const { votesOut } = first;
    const before = await this.look(this.second(claim));
    if (before?.highest === undefined) return refused(votesOut, 'nobody could say whether it has run');
    if (isAnother(before, claim.tick)) return { kind: 'taken', votesOut };
    const [second] = await this.ledger.claim([this.second(claim)]);
    if (second?.kind !== 'won')
      return second === undefined ? refused(votesOut, 'no verdict') : { ...second, votesOut };
    const after = await this.look(this.first(claim));
    if (after?.highest === undefined)
      return refused(votesOut, 'nobody could say whether another has come later');
    return after.highest === claim.tick ? second : { kind: 'split', votesOut };
  }

  private async look(ref: TickRef): Promise<PeekVerdict | undefined> {
    const [verdict] = await this.ledger.peek([ref]);
    return verdict;
  }

  private isOnce({ task }: TickRef): boolean {
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
function isAnother(found: PeekVerdict | undefined, instant: number): boolean {
  const highest = found?.highest ?? 0;
  return highest > 0 && (highest <= instant - INSTANTS_PER_TICK || highest > instant);
}

function refused(votesOut: number, reason: string): ClaimVerdict {
  return { kind: 'no_quorum', votesOut, reason };
}
