/**
 * Every tick that was due here is looked after until somebody is known to have claimed it. The instance's own contest tells
 * in nearly every case; what is left is asked of the ledger, in one beat, after the lateness limit, when nobody can claim it
 * any more. As long as the own contest goes on nothing is certain, for it may end behind a run. So a task that has stopped
 * silently is heard of, and a healthy one costs nothing.
 */

import { whoseClaim } from '../bid/own-claims.js';
import type { DueTick } from '../contract/due-tick.js';
import type { ScheduleEvent } from '../contract/observer.js';
import { hasRun, type TickReport } from '../contract/outcome.js';
import type { PeekVerdict } from '../contract/ports.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { contendersFor, eligibleAmong, isEligible } from '../members/ranking.js';
import { type AuditVerdict, judgeTick, whatFollows } from './audit-reason.js';
import {
  type AuditParts,
  type AuditSource,
  type Found,
  isUndisputedSince,
  type TaskLookup,
} from './audit-source.js';
import { pauseInLineMs, wasPassedInLine } from './in-line-elsewhere.js';

/** The ledger is asked so long after the limit, ms: claims are on their way, and clocks of instances differ a little. */
export const AFTER_LIMIT_MS = 150;

/** Without an answer it is asked again after this, ms, for at most so long; and for a share of the lateness limit. */
const ASK_AGAIN_MS = 300;
const LONGEST_ASKING_MS = 3_000;
const ASKING_SHARE = 1.5;

/** So many calls, each as long as a silent node lets it last, may follow the last moment for a bid before its contest has ended. */
const CALLS_OF_A_LAST_BID = 6;

/** A tick that stands in line behind a run here is looked at again after this, ms. */
const IN_LINE_MS = 1_000;

/** A first look that comes so much too late, ms, is that of an instance that slept: it asks on for longer, and guesses nothing. */
const SLEPT_MS = 500;
const ASKING_AFTER_SLEEP_MS = 60_000;
const ASK_AGAIN_AFTER_SLEEP_MS = 1_000;

/**
 * New nodes grant no lock for one time to live. What is due so soon after an instance has started is looked after by those that
 * were there before, ms more than that.
 */
const SETTLING_MS = 2_000;

/** Ticks under watch at most. The oldest go first: each instance of the cluster watches them. */
const MOST_WATCHED = 20_000;

interface Watched {
  readonly due: DueTick;
  report: TickReport | undefined;
  /** Cluster time; infinite while the answer is on its way. */
  lookAtMs: number;
  /** Undefined before the first look. */
  giveUpAtMs: number | undefined;
  slept: boolean;
  hadNoAnswer: boolean;
  /** It was in line behind a run elsewhere, and the nodes have moved past it. */
  wasPassed: boolean;
}

export class MissedTicks implements AuditSource {
  private readonly watched = new Map<string, Watched>();
  private watchFromMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {}

  /** From now on ticks count. Before cluster time is known, they are those of this machine's clock. */
  begin(): void {
    this.watchFromMs = this.parts.clusterClock.nowMs() + this.parts.options.leaseTtlMs + SETTLING_MS;
  }

  /** Ticks whose contest begins now. */
  watch(dues: readonly DueTick[]): void {
    for (const due of dues) {
      if (due.tick < this.watchFromMs || this.isOnceForOthers(due)) continue;
      this.watched.set(keyOf(due.task.name, due.tick), {
        due,
        report: undefined,
        lookAtMs: due.tick + due.maxLatenessMs + AFTER_LIMIT_MS,
        giveUpAtMs: undefined,
        slept: false,
        hadNoAnswer: false,
        wasPassed: false,
      });
    }
    for (const key of this.watched.keys()) {
      if (this.watched.size <= MOST_WATCHED) return;
      this.watched.delete(key);
    }
  }

  observe(event: ScheduleEvent): void {
    if (event.type === 'started') this.watched.delete(keyOf(event.task, event.tick));
    if (event.type !== 'tick') return;
    const key = keyOf(event.report.task, event.report.tick);
    const watched = this.watched.get(key);
    if (hasRun(event.report.outcome) || event.report.outcome === 'taken') this.watched.delete(key);
    else if (watched !== undefined) watched.report = event.report;
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { lookAtMs } of this.watched.values()) nextMs = Math.min(nextMs, lookAtMs);
    return nextMs;
  }

  async look(): Promise<boolean> {
    const nowMs = this.parts.clusterClock.nowMs();
    const due = [...this.watched.values()].filter(({ lookAtMs }) => lookAtMs <= nowMs);
    const open = due.filter((watched) => this.isWorthAsking(watched, nowMs));
    if (open.length === 0) return false;
    for (const watched of open) watched.lookAtMs = Number.POSITIVE_INFINITY;
    const peeks = await this.parts.beat(open.map((watched) => watched.due));
    open.forEach((watched, index) => {
      // It may have ended while the question was on its way.
      if (this.watched.get(keyOf(watched.due.task.name, watched.due.tick)) === watched)
        this.settle(watched, peeks[index]);
    });
    return true;
  }

  private isWorthAsking(watched: Watched, nowMs: number): boolean {
    if (this.isInLine(watched)) {
      watched.lookAtMs = nowMs + IN_LINE_MS;
      return false;
    }
    if (watched.giveUpAtMs === undefined) {
      watched.slept = nowMs - watched.lookAtMs > SLEPT_MS || watched.report?.outcome === 'misfire';
      const askingMs = Math.min(watched.due.maxLatenessMs * ASKING_SHARE, LONGEST_ASKING_MS);
      watched.giveUpAtMs = nowMs + (watched.slept ? ASKING_AFTER_SLEEP_MS : askingMs);
    }
    const isForOtherSet = this.parts.electorate?.status().condition === 'yields';
    const isWorth =
      !isForOtherSet && this.isStillDue(watched) && this.judge(watched, undefined).kind !== 'fine';
    if (!isWorth) this.drop(watched);
    return isWorth;
  }

  /** Until when an answer is waited for, and for the end of the own contest. */
  private giveUpMs({ due, report, giveUpAtMs = 0 }: Watched): number {
    if (report !== undefined) return giveUpAtMs;
    const lastBidMs = CALLS_OF_A_LAST_BID * this.parts.options.nodeTimeoutMs;
    return Math.max(giveUpAtMs, due.tick + due.maxLatenessMs + lastBidMs);
  }

  private settle(watched: Watched, peek: PeekVerdict | undefined): void {
    const nowMs = this.parts.clusterClock.nowMs();
    const verdict = this.judge(watched, peek);
    const isPassedNow = !watched.wasPassed && wasPassedInLine(watched.report, peek);
    watched.wasPassed ||= isPassedNow;
    if (verdict.kind === 'waits' || isPassedNow) {
      this.waitOn(watched, nowMs);
      return;
    }
    if (peek === undefined || peek.kind === 'unknown') watched.hadNoAnswer = true;
    const giveUpMs = this.giveUpMs(watched);
    if (verdict.kind === 'unsure' && nowMs < giveUpMs) {
      const pauseMs = watched.slept ? ASK_AGAIN_AFTER_SLEEP_MS : ASK_AGAIN_MS;
      watched.lookAtMs = Math.min(nowMs + pauseMs, giveUpMs);
      return;
    }
    this.drop(watched);
    // Whoever slept while the tick was due has not seen that nobody else was awake.
    if (verdict.kind === 'fine' || (watched.slept && verdict.kind === 'unsure')) return;
    const { task, tick } = watched.due;
    const detail = `${verdict.finding.detail}${whatFollows(task)}`;
    const certain = verdict.finding.certain && isUndisputedSince(tick, nowMs, this.parts.electorate);
    this.found(
      { task: task.name, tick, ticks: 1, outcome: 'missed', ...verdict.finding, detail, certain },
      () => this.isStillMissed(watched),
    );
  }

  /** Then the time for asking begins anew. */
  private waitOn(watched: Watched, nowMs: number): void {
    const pauseMs = pauseInLineMs(nowMs - watched.due.tick, watched.wasPassed);
    if (pauseMs === undefined) this.drop(watched);
    watched.lookAtMs = nowMs + (pauseMs ?? 0);
    watched.giveUpAtMs = undefined;
  }

  private async isStillMissed(watched: Watched): Promise<boolean | undefined> {
    const [peek] = await this.parts.beat([watched.due]);
    if (peek === undefined || peek.kind === 'unknown') return undefined;
    // That nodes have moved past it by now says nothing of it.
    const isNamed = peek.kind === 'taken' && peek.claimId !== undefined;
    return !isNamed || this.judge(watched, peek).kind !== 'fine';
  }

  /** It was not taken away, paused or given another schedule meanwhile. */
  private isStillDue({ due: { task, tick } }: Watched): boolean {
    return this.lookup.taskOf(task.name)?.schedule.nextAfter(tick - 1) === tick;
  }

  /** A run that holds the task's lock here has taken it on, and will start it or say how it ended. */
  private isInLine({ due: { task, tick }, report }: Watched): boolean {
    return report === undefined && this.parts.chains.of(task.name)?.isWaiting(tick) === true;
  }

  /** It is tried again and again until it is known to have run, which those hear who contest it. */
  private isOnceForOthers({ task }: DueTick): boolean {
    return this.parts.ledger?.runsOnce?.(task.name) === true && !this.mayRun(task);
  }

  private mayRun({ placement }: ScheduledTask): boolean {
    const { instanceId, labelsOf } = this.parts;
    return isEligible(placement, labelsOf?.(instanceId) ?? []);
  }

  private judge({ due, report, slept, hadNoAnswer }: Watched, peek: PeekVerdict | undefined): AuditVerdict {
    const { instanceId, ownClaims, labelsOf = () => [] } = this.parts;
    const members = this.parts.members();
    const { name, placement } = due.task;
    const mayRun = this.mayRun(due.task);
    const eligible = Math.max(
      mayRun ? 1 : 0,
      eligibleAmong(contendersFor(this.parts, name), placement, labelsOf).length,
    );
    return judgeTick({
      due,
      report,
      peek,
      // That it slept says why nobody answered.
      hadNoAnswer: hadNoAnswer && !slept,
      ownFate: peek?.kind === 'taken' ? whoseClaim(ownClaims, due, peek.claimId) : undefined,
      instanceId,
      isAlive: (id) => members.includes(id),
      mayRun,
      eligible,
    });
  }

  private drop({ due }: Watched): void {
    this.watched.delete(keyOf(due.task.name, due.tick));
  }
}

function keyOf(task: string, tick: number): string {
  return `${tick} ${task}`;
}
