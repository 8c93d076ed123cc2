/** Watches each due tick until its owner is known, and asks the ledger after the lateness limit. A healthy task costs no message. */

import type { AuditFinding } from '../contract/audit-finding.js';
import { dropOldest } from '../contract/drop-oldest.js';
import { type DueTick, tickKey } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { ScheduleEvent } from '../contract/observer.js';
import { hasRun } from '../contract/outcome.js';
import { whatFollows } from './audit-reason.js';
import { type AuditParts, type Found, isUndisputedSince, type TaskLookup } from './audit-source.js';
import { type AuditTurns, HOLD_MS, SETTLING_MS } from './audit-turns.js';
import { TickJudge } from './tick-judge.js';
import { WatchedTick } from './watched-tick.js';

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
  private readonly judge: TickJudge;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
    private readonly turns: AuditTurns,
  ) {
    this.judge = new TickJudge(parts);
  }

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
      if (watched.lookAtMs > nowMs || this.isLeftToFirst(watched, nowMs)) continue;
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

  /** All find the same, and one tells it. Where the processor is short the others look only when it must have told. */
  private isLeftToFirst(watched: WatchedTick, nowMs: number): boolean {
    const { load, directory } = this.parts;
    if (!load.isBehind || directory === undefined || this.turns.isMine(missOf(watched))) return false;
    return watched.tryPostpone(nowMs, HOLD_MS);
  }

  private takeStep(watched: WatchedTick, nowMs: number, isForOtherSet: boolean): LookStep {
    const step = this.decideStep(watched, isForOtherSet);
    if (step === 'wait') watched.waitInLine(nowMs);
    if (step === 'drop') this.watched.delete(watched.key);
    if (step === 'ask') watched.beginAsking(nowMs, this.parts.load.isBehind);
    return step;
  }

  private decideStep(watched: WatchedTick, isForOtherSet: boolean): LookStep {
    if (watched.wasPostponed && this.parts.directory?.hasTold(missOf(watched)) === true) return 'drop';
    if (this.isInLine(watched)) return 'wait';
    const isOver =
      isForOtherSet || !this.isStillDue(watched) || this.judge.of(watched, undefined).kind === 'fine';
    return isOver ? 'drop' : 'ask';
  }

  private settle(
    watched: WatchedTick,
    peek: PeekAnswer | undefined,
    electorate: AuditParts['electorate'],
  ): void {
    const nowMs = this.parts.clusterClock.nowMs();
    const verdict = this.judge.of(watched, peek);
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
    return !isNamed || this.judge.of(watched, peek).kind !== 'fine';
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
    return this.parts.ledger?.runsOnce(task.name) === true && !this.judge.mayRun(task);
  }
}

function missOf({ due: { task, tick } }: WatchedTick): Pick<AuditFinding, 'task' | 'tick' | 'outcome'> {
  return { task: task.name, tick, outcome: 'missed' };
}
