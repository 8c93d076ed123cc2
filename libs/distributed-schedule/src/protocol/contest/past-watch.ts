/**
 * Finds missed ticks, and ticks whose instance died, which no due tick would find in time. It asks with the beats.
 * It bids only where the answers name something to start: the first in rank, then one rank more each time.
 */

import { bidForTicks, inBatches } from '../bid/bid.js';
import type { DueTick } from '../contract/due-tick.js';
import { newestInstant, type PeekAnswer } from '../contract/line-past.js';
import { hasRun, type TickReport } from '../contract/outcome.js';
import { closingInstant, looksBack } from '../contract/task-policies.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { ownerOf } from '../ledger/claim-id.js';
import { rankHere } from '../members/ranking.js';
import { decideStart, isStillToCome, tickOfInstant } from '../policies/next-start.js';
import type { RunParts } from '../run/run-parts.js';
import { runTick } from '../run/run-tick.js';

/** A task of which not all is known to have ended. */
interface Unsettled {
  readonly task: ScheduledTask;
  /** The instant that is asked about: who has claimed it is only told to those who ask for that very one. */
  asked: number;
  /** Looks that found work which nobody started. That many ranks may bid now. */
  looks: number;
  isBidding: boolean;
}

export class PastWatch {
  private readonly unsettled = new Map<string, Unsettled>();
  private readonly tasks = new Map<string, ScheduledTask>();
  /** By task, the newest tick whose run was aborted here: its owner lives, and does not run it any more. */
  private readonly aborted = new Map<string, number>();
  /** The tasks of the newest questions: tasks may change while the answers travel. */
  private asking: readonly Unsettled[] = [];

  constructor(private readonly parts: RunParts) {}

  /** From now on the task is looked back on; at once, since its past may have been nobody's business. */
  add(task: ScheduledTask): void {
    if (!looksBack(task.policies)) return;
    this.tasks.set(task.name, task);
    this.watch(task, 0);
  }

  /** The task has another schedule, handler or payload. */
  replace(task: ScheduledTask): void {
    this.tasks.delete(task.name);
    this.unsettled.delete(task.name);
    this.add(task);
  }

  remove(name: string): void {
    this.tasks.delete(name);
    this.unsettled.delete(name);
    this.aborted.delete(name);
  }

  /** A tick has ended here, which does not always mean that nothing is left to do for it. */
  tickEnded({ task: name, tick, outcome }: TickReport): void {
    const task = this.tasks.get(name);
    if (task !== undefined && outcome === 'aborted') this.aborted.set(name, tick);
    if (task !== undefined && (!hasRun(outcome) || outcome === 'aborted')) this.watch(task, tick);
  }

  questions(): readonly DueTick[] {
    this.asking = [...this.unsettled.values()];
    return this.asking.map(({ task, asked }) => ({ task, tick: asked, maxLatenessMs: 0 }));
  }

  answered(verdicts: readonly PeekAnswer[]): void {
    // Before cluster time is agreed on, this machine's own clock would say what was missed.
    if (this.parts.stopped.aborted || !this.parts.clusterClock.synchronised) return;
    const starts = this.asking.flatMap((entry, index) => {
      if (this.unsettled.get(entry.task.name) !== entry) return [];
      const start = this.judge(entry, verdicts[index]);
      return start === undefined ? [] : [{ entry, start }];
    });
    for (const batch of inBatches(this.parts.ledger, starts, ({ start }) => start))
      this.parts.track(this.bid(batch));
  }

  private watch(task: ScheduledTask, tick: number): void {
    const entry = this.unsettled.get(task.name);
    if (entry === undefined) this.unsettled.set(task.name, { task, asked: tick, looks: 0, isBidding: false });
    else entry.asked = Math.max(entry.asked, tick);
  }

  /** The start for which this instance bids now. */
  private judge(entry: Unsettled, verdict: PeekAnswer | undefined): DueTick | undefined {
    const { task } = entry;
    const isBusy = entry.isBidding || this.isHeldHere(task) || this.parts.register.isFull(task.name);
    if (verdict?.past.canTell !== true || isBusy) return undefined;
    const { past } = verdict;
    const newest = newestInstant(past);
    const nowMs = this.parts.clusterClock.nowMs();
    const start = decideStart({ task, past, nowMs });
    if (start === undefined) {
      const isSettled = !this.mayStillBeRetaken(task, newest, nowMs) && !isStillToCome({ task, past, nowMs });
      if (isSettled) this.unsettled.delete(task.name);
      entry.looks = 0;
      return undefined;
    }
    if (start.because === 'retake') {
      const owner = this.ownerOfNewest(entry, newest, verdict);
      entry.asked = newest;
      if (owner === 'alive') entry.looks = 0;
      if (owner !== 'gone') return undefined;
    }
    const rank = rankHere(this.parts, task);
    entry.looks += 1;
    return rank !== undefined && rank < entry.looks ? start : undefined;
  }

  /** A run that holds the task's lock here sees to what is left itself, unless its lease is lost. */
  private isHeldHere({ name, policies }: ScheduledTask): boolean {
    return policies?.overlap !== 'allow' && this.parts.chains.of(name)?.lease.isTrusted() === true;
  }

  /** Who has claimed the newest instant, as far as is known. `unnamed`: the answer names nobody, and the very instant is to be asked for. */
  private ownerOfNewest(
    { task, asked }: Unsettled,
    newest: number,
    peek: PeekAnswer,
  ): 'alive' | 'gone' | 'unnamed' {
    if (asked !== newest) return 'unnamed';
    const claimId = peek.kind === 'taken' ? peek.claimId : undefined;
    const isAlive =
      claimId !== undefined &&
      this.parts.members().includes(ownerOf(claimId)) &&
      !this.hasAborted(task, newest, claimId) &&
      this.parts.ownClaims.fateOf(claimId) !== 'surrendered';
    return isAlive ? 'alive' : 'gone';
  }

  /** Whether the claim is this instance's own, for a run that was aborted here. */
  private hasAborted(
    { name, schedule }: ScheduledTask,
    newest: number,
    claimId: string | undefined,
  ): boolean {
    const { instanceId } = this.parts;
    return ownerOf(claimId) === instanceId && this.aborted.get(name) === tickOfInstant(schedule, newest);
  }

  /** A claim that stands before its time. */
  private mayStillBeRetaken(task: ScheduledTask, newest: number, nowMs: number): boolean {
    const tick = tickOfInstant(task.schedule, newest);
    return (
      task.policies?.recovery === 'retake' &&
      tick !== undefined &&
      tick > nowMs &&
      newest !== closingInstant(tick)
    );
  }

  private async bid(
    starts: readonly { readonly entry: Unsettled; readonly start: DueTick }[],
  ): Promise<void> {
    for (const { entry } of starts) entry.isBidding = true;
    try {
      const runs: Promise<void>[] = [];
      const dues = starts.map(({ start }) => start);
      const verdicts = await bidForTicks(this.parts, dues, {
        start: (won) => runs.push(runTick(this.parts, won)),
      });
      for (const verdict of verdicts) if (verdict.kind === 'outdated') this.parts.stopForGood(verdict.kind);
      await Promise.all(runs);
    } finally {
      for (const { entry } of starts) entry.isBidding = false;
    }
  }
}
