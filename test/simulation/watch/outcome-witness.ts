/** How every due tick ended on every instance, and whether every tick ran once the world was healed. */

import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { hasRun, type TickReport } from '#src/protocol/contract/outcome.js';
import { looksBack } from '#src/protocol/contract/task-policies.js';
import { taskOfRunLock } from '#src/protocol/lease/run-lock.js';
import { EPOCH_MS } from '../world/machine.js';
import type { SimulatedPolicies } from '../world/policies.js';
import type { Profile } from '../world/profile.js';
import type { Instance } from '../world/simulated-instance.js';
import type { History } from './history.js';
import type { LagWatch } from './lag-watch.js';
import { LIVE_AFTER_MS, QUIET_MS } from './live-after.js';
import type { RunWitness } from './run-witness.js';

/** What a tick may cost when nothing is wrong: one bid, and one more where a node's clock lags behind. */
const MAX_BIDS_PER_TICK = 3;
/** Bids for a tick are made from shortly before it on. */
const BID_LEAD_MS = 250;

/** A first answer after this finds ticks that were armed without it. */
const EARLY_AGREEMENT_MS = 900;
const FAR_AHEAD_MS = 11_000;

/** A machine's own time from a bid to its end, whoever answers. */
const BID_ENDS_WITHIN_MS = 1_500;
/** An instance has reported every tick that is so many periods old, and periods count for a second at least. */
const REPORTED_WITHIN_PERIODS = 4;

export class OutcomeWitness {
  private readonly bids = new Map<string, number>();
  /** By task, while and after a run that goes on for so long that its successors meet it. */
  private readonly busyUntilMs = new Map<string, number>();

  constructor(
    private readonly history: History,
    private readonly runs: RunWitness,
    private readonly profile: Profile,
    private readonly policiesOf: (task: string) => SimulatedPolicies,
    private readonly lags: LagWatch,
  ) {}

  started(instance: Instance, { task, tick, isRetry }: Extract<ScheduleEvent, { type: 'started' }>): void {
    const key = `${task} ${tick}`;
    if (!isRetry) instance.begun.set(key, (instance.begun.get(key) ?? 0) + 1);
  }

  ended(instance: Instance, report: TickReport): void {
    const { task, tick, outcome, detail, by } = report;
    this.history.note(() => `${nameOf(instance, task, tick)} ${outcome} ${detail ?? ''}`);
    if (outcome === 'taken' && by === instance.id)
      this.history.fail('nobody reports a tick as taken by itself', nameOf(instance, task, tick));
    const isFirst = this.isFirstWord(instance, report);

    const ended = instance.ended.get(task) ?? new Set<number>();
    instance.ended.set(task, ended);
    if (this.isBeforeAgreement(instance, tick)) return;
    if (!isFirst) this.history.fail('one outcome per tick', `${nameOf(instance, task, tick)} ${outcome}`);
    ended.add(tick);
    this.history.count(`outcome ${outcome}`);
    if (outcome === 'misfire' && instance.won.has(`${task} ${tick}`)) {
      this.history.count('won but too late to start');
    }
  }

  /**
   * A tick ends in one word, and each run in one. Where policies start again what has ended on an instance, there may be one
   * word of its contest and one of each run.
   */
  private isFirstWord(instance: Instance, { task, tick, outcome }: TickReport): boolean {
    const key = `${task} ${tick}`;
    const policies = this.policiesOf(task);
    const isAlone = instance.ended.get(task)?.has(tick) !== true;
    if (!hasRun(outcome)) {
      const hadContest = instance.contests.has(key);
      instance.contests.add(key);
      return !hadContest && (isAlone || looksBack(policies));
    }
    const begun = instance.begun.get(key) ?? 0;
    instance.begun.set(key, begun - 1);
    if (begun === 0) this.history.fail('one outcome per run', `${nameOf(instance, task, tick)} ${outcome}`);
    return isAlone || looksBack(policies) || policies.overlap === 'buffer_one';
  }

  /** In quiet time one instance bids for a tick, and the others see that it is taken. */
  bid(instanceId: string, task: string): void {
    const {
      healedAtMs,
      durationMs,
      periodMs,
      handlersHang = false,
      liveAfterMs = LIVE_AFTER_MS,
    } = this.profile;
    // Beside a run that hangs ticks are bid for in vain.
    if (handlersHang) return;
    const nowMs = this.history.nowMs();
    const quietMs = nowMs - healedAtMs - liveAfterMs;
    if (healedAtMs >= durationMs || quietMs < 0 || quietMs > QUIET_MS) return;
    const key = `${taskOfRunLock(task)} ${Math.floor((nowMs + BID_LEAD_MS) / periodMs)}`;
    if (this.runs.isLong(taskOfRunLock(task)))
      this.busyUntilMs.set(taskOfRunLock(task), nowMs + 2 * periodMs);
    if (nowMs < (this.busyUntilMs.get(taskOfRunLock(task)) ?? 0)) return;
    const bids = (this.bids.get(key) ?? 0) + 1;
    this.bids.set(key, bids);
    if (bids > MAX_BIDS_PER_TICK) {
      this.history.fail('a quiet tick costs few bids', `${bids} for ${key}, ${instanceId}`);
    }
  }

  /** At the end of the world. */
  check(instances: readonly Instance[]): void {
    for (const instance of instances) this.checkEveryTickEnded(instance);
  }

  private checkEveryTickEnded(instance: Instance): void {
    const { periodMs, durationMs, tasks } = this.profile;
    const { id, ended, machine, countsFrom, isFenced, isLeaving } = instance;
    if (machine.isDead || machine.isPaused || countsFrom === undefined) return;
    // Ticks end out of order: the one that was bid for while the machine slept ends after those that it finds too late.
    if (!machine.hasRunFor(BID_ENDS_WITHIN_MS)) return;
    const reportedMs = REPORTED_WITHIN_PERIODS * Math.max(periodMs, 1_000);
    const lastDue = EPOCH_MS + durationMs - reportedMs;
    const wasBehind = this.lags.behindAtMs(instance) > durationMs - reportedMs;
    const goesOn = !isFenced && !isLeaving && !wasBehind && machine.hasRunFor(reportedMs);
    for (let index = 0; index < tasks; index += 1) {
      const task = `t${index}`;
      const ticks = ended.get(task) ?? new Set<number>();
      const first = Math.min(...ticks, Math.ceil(countsFrom / periodMs) * periodMs + periodMs);
      const last = goesOn ? lastDue : Math.min(lastDue, Math.max(...ticks));
      for (let tick = first; tick <= last; tick += periodMs) {
        if (ticks.has(tick) || this.runs.isUnfinished(id, task, tick)) continue;
        if (this.runs.isInLine(id, task, tick)) continue;
        this.history.fail('every tick ends', nameOf(instance, task, tick));
      }
    }
  }

  /** Until the first agreement on cluster time, ticks are those of the machine's own clock, which may be far ahead. */
  private isBeforeAgreement(instance: Instance, tick: number): boolean {
    const { clusterClock, machine } = instance;
    if (!clusterClock.synchronised) return true;
    const isLate = machine.monotonicMs() > EARLY_AGREEMENT_MS && instance.countsFrom === undefined;
    instance.countsFrom ??= clusterClock.nowMs() + (isLate ? FAR_AHEAD_MS : 0);
    return tick < instance.countsFrom;
  }
}

function nameOf({ id }: Instance, task: string, tick: number): string {
  return `${id} ${task}@${tick - EPOCH_MS}`;
}
