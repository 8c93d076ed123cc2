/** Watches each due tick until its owner is known, and asks the ledger after the lateness limit. A healthy task costs no message. */

import { whoseClaim } from '../bid/own-claims.js';
import { dropOldest } from '../contract/drop-oldest.js';
import { type DueTick, tickKey } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { ScheduleEvent } from '../contract/observer.js';
import { hasRun } from '../contract/outcome.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { contendersFor, eligibleAmong, isEligible } from '../members/ranking.js';
import { type AuditVerdict, judgeTick, whatFollows } from './audit-reason.js';
import { type AuditParts, type Found, isUndisputedSince, type TaskLookup } from './audit-source.js';
import { WatchedTick } from './watched-tick.js';

/** For leaseTtlMs plus this after our start we audit nothing: new nodes refuse locks, and every tick would look missed. */
export const SETTLING_MS = 2_000;

/** The oldest go first: each instance of the cluster watches them. */
const MAX_WATCHED = 20_000;

/** In one message. The others follow at once, or after the pause of an instance that is behind. */
const MAX_ASKED = 500;
const PAUSE_BEHIND_MS = 1_000;

/** What comes next for a tick that is to be looked at. */
type LookStep = 'wait' | 'drop' | 'ask';

export class MissedTicks {
  private readonly watched = new Map<string, WatchedTick>();
  private watchFromMs = Number.POSITIVE_INFINITY;
  private lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {}

  /** From now on ticks count. Before cluster time is known, they are those of this machine's clock. */
  start(): void {
    this.watchFromMs = this.parts.clusterClock.nowMs() + this.parts.options.leaseTtlMs + SETTLING_MS;
  }

  watch(dues: readonly DueTick[]): void {
    for (const due of dues) {
      if (due.tick < this.watchFromMs || this.isTimeoutOfOthers(due)) continue;
      const watched = new WatchedTick(due);
      this.watched.set(watched.key, watched);
    }
    dropOldest(this.watched, MAX_WATCHED);
  }

  observe(event: ScheduleEvent): void {
    if (event.type === 'started') this.watched.delete(tickKey(event));
    if (event.type !== 'tick') return;
    const key = tickKey(event.report);
    const watched = this.watched.get(key);
    if (hasRun(event.report.outcome) || event.report.outcome === 'taken') this.watched.delete(key);
    else if (watched !== undefined) watched.report = event.report;
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { lookAtMs } of this.watched.values()) nextMs = Math.min(nextMs, lookAtMs);
    return Math.max(nextMs, this.earliestMs);
  }

  async look(): Promise<boolean> {
    const nowMs = this.parts.clusterClock.nowMs();
    if (nowMs < this.earliestMs) return false;
    const isForOtherSet = this.parts.electorate?.status().condition === 'yields';
    const asked: WatchedTick[] = [];
    for (const watched of this.watched.values()) {
      if (asked.length >= MAX_ASKED) break;
      if (watched.lookAtMs > nowMs) continue;
      if (this.takeStep(watched, nowMs, isForOtherSet) === 'ask') asked.push(watched);
    }
    if (asked.length === 0) return false;
    this.lookedAtMs = nowMs;
    const peeks = await this.parts.beat(asked.map((watched) => watched.due));
    // Read once: it looks at every node.
    const status = this.parts.electorate?.status();
    const electorate = status && { status: () => status };
    for (const [index, watched] of asked.entries()) {
      // It may have ended while the question was on its way.
      if (this.watched.get(watched.key) === watched) this.settle(watched, peeks[index], electorate);
    }
    return true;
  }

  /** The next ticks come first: an instance that is behind looks back once a second. */
  private get earliestMs(): number {
    return this.parts.load.isBehind ? this.lookedAtMs + PAUSE_BEHIND_MS : Number.NEGATIVE_INFINITY;
  }

  private takeStep(watched: WatchedTick, nowMs: number, isForOtherSet: boolean): LookStep {
    const step = this.decideStep(watched, isForOtherSet);
    if (step === 'wait') watched.waitInLine(nowMs);
    if (step === 'drop') this.watched.delete(watched.key);
    if (step === 'ask') watched.beginAsking(nowMs);
    return step;
  }

  private decideStep(watched: WatchedTick, isForOtherSet: boolean): LookStep {
    if (this.isInLine(watched)) return 'wait';
    const isOver =
      isForOtherSet || !this.isStillDue(watched) || this.judge(watched, undefined).kind === 'fine';
    return isOver ? 'drop' : 'ask';
  }

  private settle(
    watched: WatchedTick,
    peek: PeekAnswer | undefined,
    electorate: AuditParts['electorate'],
  ): void {
    const nowMs = this.parts.clusterClock.nowMs();
    const verdict = this.judge(watched, peek);
    const isPassedNow = !watched.wasPassed && watched.isPassed(peek);
    watched.wasPassed ||= isPassedNow;
    if (verdict.kind === 'waits' || isPassedNow) {
      if (!watched.tryWaitElsewhere(nowMs)) this.watched.delete(watched.key);
      return;
    }
    if (peek === undefined || peek.kind === 'unknown') watched.hadNoAnswer = true;
    if (verdict.kind === 'unsure' && watched.tryAskAgain(nowMs, this.parts.options.nodeTimeoutMs)) return;
    this.watched.delete(watched.key);
    // An instance that slept while the tick was due cannot know that nobody else was awake.
    if (verdict.kind === 'fine' || (watched.slept && verdict.kind === 'unsure')) return;
    const { task, tick } = watched.due;
    const detail = `${verdict.finding.detail}${whatFollows(task)}`;
    const certain = verdict.finding.certain && isUndisputedSince(tick, nowMs, electorate);
    this.found(
      { task: task.name, tick, ticks: 1, outcome: 'missed', ...verdict.finding, detail, certain },
      { subject: watched, areStillSo: this.areStillMissed },
    );
  }

  private readonly areStillMissed = async (
    all: readonly WatchedTick[],
  ): Promise<readonly (boolean | undefined)[]> => {
    const peeks = await this.parts.beat(all.map(({ due }) => due));
    return all.map((watched, index) => this.isStillMissed(watched, peeks[index]));
  };

  private isStillMissed(watched: WatchedTick, peek: PeekAnswer | undefined): boolean | undefined {
    if (peek === undefined || peek.kind === 'unknown') return undefined;
    // That nodes have moved past it by now says nothing of it.
    const isNamed = peek.kind === 'taken' && peek.claimId !== undefined;
    return !isNamed || this.judge(watched, peek).kind !== 'fine';
  }

  /** It was not taken away, paused or given another schedule meanwhile. */
  private isStillDue({ due: { task, tick } }: WatchedTick): boolean {
    const current = this.lookup.taskOf(task.name);
    return current === task || current?.schedule.nextAfter(tick - 1) === tick;
  }

  /** A run that holds the task's lock here has taken it on, and will start it or say how it ended. */
  private isInLine({ due: { task, tick }, report }: WatchedTick): boolean {
    return report === undefined && this.parts.chains.of(task.name)?.isWaiting(tick) === true;
  }

  /** A timeout is retried until it has run. Only instances that contest it hear of that, so others do not report it. */
  private isTimeoutOfOthers({ task }: DueTick): boolean {
    return this.parts.ledger?.runsOnce(task.name) === true && !this.mayRun(task);
  }

  private mayRun({ placement }: ScheduledTask): boolean {
    const { instanceId, labelsOf } = this.parts;
    return isEligible(placement, labelsOf?.(instanceId) ?? []);
  }

  private judge(
    { due, report, slept, hadNoAnswer }: WatchedTick,
    peek: PeekAnswer | undefined,
  ): AuditVerdict {
    const { instanceId, ownClaims, labelsOf = () => [] } = this.parts;
    const members = this.parts.members();
    const { name, placement } = due.task;
    const mayRun = this.mayRun(due.task);
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
      eligible: () =>
        Math.max(mayRun ? 1 : 0, eligibleAmong(contendersFor(this.parts, name), placement, labelsOf).length),
    });
  }
}
