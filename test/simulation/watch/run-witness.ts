/** Every run of a handler, written down where it happens, and what must be true of runs. */

import { quorumOf } from '#src/protocol/contract/quorum.js';
import { EPOCH_MS, type Machine } from '../world/machine.js';
import type { SimulatedPolicies } from '../world/policies.js';
import type { Server } from '../world/server.js';
import type { VirtualTime } from '../world/virtual-time.js';
import type { History } from './history.js';
import { isBound } from './promise.js';
import { nameOf, type Run, type Start, toRun } from './run.js';
import { SignalWitness } from './signal-witness.js';
import { StartWitness } from './start-witness.js';
import type { TenureWitness } from './tenure-witness.js';

export interface RunRules {
  readonly servers: readonly Server[];
  readonly leaseTtlMs: number;
  readonly periodMs: number;
  readonly lateLimitMs: number;
  readonly policiesOf: (task: string) => SimulatedPolicies;
  /** Whether the instant was ever granted to anybody, by any server. */
  readonly isGranted: (task: string, instant: number) => boolean;
  /** Without run locks runs may overlap, and at periods near EARLY start in another order than they were granted. */
  readonly isLockless: boolean;
}

const REPORT_DELAY_MS = 2_000;
/** Longer than any trust. */
const STEP_FORGOTTEN_MS = 6_000;
/** A timer of the machine may be due at the very same moment. */
const SIGNAL_TOLERANCE_MS = 5;
const EARLIEST_START_MS = -2;
const SIGNAL_CHECK_MS = 20;
/** A short run has ended by then. */
const LONG_MS = 100;

export class RunWitness {
  /** `task tick` of every tick that has started. */
  readonly started = new Map<string, string>();
  /** Every run, in order. */
  readonly all: Run[] = [];
  private readonly attempts = new Set<string>();
  private readonly starts: StartWitness;
  private readonly signals: SignalWitness;
  private readonly lastToken = new Map<string, number>();
  /** Runs that have not returned. */
  private readonly running = new Set<Run>();
  /** Those of them that have not been told to stop. */
  private readonly untold = new Set<Run>();
  /** When a run was first seen without trust: the wall clock may end it a moment before the timer does. */
  private readonly withoutTrustMs = new Map<Run, number>();
  private justEnded: { readonly run: Run; readonly endMs: number }[] = [];
  private isWatching = false;

  constructor(
    private readonly time: VirtualTime,
    private readonly history: History,
    private readonly tenures: TenureWitness,
    private readonly rules: RunRules,
  ) {
    this.starts = new StartWitness(history, rules);
    this.signals = new SignalWitness(time, history, rules);
  }

  start(start: Start): Run {
    const run = toRun(start, this.history.nowMs());
    this.history.note(() => `${run.instanceId} starts ${nameOf(run)}`);
    if (run.context.remainingMs() <= 0) this.history.fail('no start without trust', nameOf(run));
    if (run.latenessMs < EARLIEST_START_MS) {
      this.history.fail('starts in time', `${nameOf(run)} by ${run.latenessMs.toFixed(1)} ms`);
    }
    this.checkOnce(run);
    this.checkClaimed(run);
    if (!this.rules.isLockless) this.checkOrder(run);
    this.checkOverlap(run);
    this.starts.started(run, this.tenures.started(run));
    this.signals.started(run);
    this.all.push(run);
    this.running.add(run);
    this.untold.add(run);
    if (!this.isWatching) this.watchSignals();
    return run;
  }

  end(run: Run, hasThrown: boolean): void {
    const endMs = this.history.nowMs();
    run.end = { endedMs: run.resident.clusterClock.nowMs(), endedAtMs: endMs, hasThrown };
    this.running.delete(run);
    this.untold.delete(run);
    this.withoutTrustMs.delete(run);
    this.justEnded = this.justEnded.filter((ended) => endMs - ended.endMs < REPORT_DELAY_MS);
    this.justEnded.push({ run, endMs });
    this.history.note(() => `${run.instanceId} ends ${nameOf(run)}`);
  }

  /** What has run above this instant may run once more: a person has said so. */
  leaveBehind(aboveMs: number): void {
    for (const key of this.started.keys()) if (Number(key.split(' ')[1]) > aboveMs) this.started.delete(key);
    for (const key of this.attempts) if (Number(key.split(' ')[1]) > aboveMs) this.attempts.delete(key);
    this.lastToken.clear();
  }

  /** Whether the handler has not returned, or so lately that its report may be on its way. */
  isUnfinished(instanceId: string, task: string, tick: number): boolean {
    return this.lately(instanceId, task).some((run) => run.tick === tick);
  }

  /** Whether a tick may stand in line behind a run that has the task's lock here. */
  isInLine(instanceId: string, task: string, tick: number): boolean {
    const { overlap, misfire, recovery } = this.rules.policiesOf(task);
    const mayWait = overlap === 'buffer_one' || overlap === 'cancel_other';
    if (!mayWait && misfire !== 'all' && recovery !== 'retake') return false;
    return this.lately(instanceId, task).some(
      (run) => run.tick < tick && (run.end !== undefined || run.context.remainingMs() > 0),
    );
  }

  private lately(instanceId: string, task: string): readonly Run[] {
    const recent = this.justEnded.filter(({ endMs }) => this.history.nowMs() - endMs < REPORT_DELAY_MS);
    return [...this.running, ...recent.map(({ run }) => run)].filter(
      (run) => run.instanceId === instanceId && run.task === task,
    );
  }

  /** Whether a run of the tick has come to its end. */
  hasEnded(task: string, tick: number): boolean {
    return this.all.some((run) => run.task === task && run.tick === tick && run.end !== undefined);
  }

  /** Whether a run of the task, with all its attempts, has been going on for a while. */
  isLong(task: string): boolean {
    return this.tenures.isHeldFor(task, LONG_MS);
  }

  runningOn(machine: Machine): readonly Run[] {
    return [...this.running].filter((run) => run.machine === machine);
  }

  isRunningOn(machine: Machine): boolean {
    return [...this.running].some((run) => run.machine === machine);
  }

  /** The task's runs whose leases are good. */
  trusted(task: string): readonly Run[] {
    return this.living(task).filter(({ context }) => context.remainingMs() > 0);
  }

  private living(task: string): readonly Run[] {
    return [...this.running].filter((run) => run.task === task && !run.machine.isDead);
  }

  private watchSignals(): void {
    this.isWatching = this.untold.size > 0;
    if (!this.isWatching) return;
    this.time.schedule(SIGNAL_CHECK_MS, () => {
      this.checkSignals();
      this.watchSignals();
    });
  }

  /** A run whose trust has ended must have been told, unless its process could not run; and it stays ended. */
  private checkSignals(): void {
    for (const run of this.untold) {
      const { machine, context } = run;
      if (machine.isDead || context.signal.aborted) this.untold.delete(run);
      else if (context.remainingMs() > 0) this.checkStaysEnded(run);
      else this.checkTold(run);
    }
  }

  private checkStaysEnded(run: Run): void {
    const endedMs = this.withoutTrustMs.get(run);
    if (endedMs === undefined) return;
    this.withoutTrustMs.delete(run);
    // A wall clock that was set and set back ends trust for that while only.
    if (run.machine.wallSteppedMs > endedMs - STEP_FORGOTTEN_MS) return;
    this.history.fail('trust that has ended does not come back', `${run.instanceId} ${nameOf(run)}`);
  }

  private checkTold(run: Run): void {
    const nowMs = this.history.nowMs();
    const endedMs = this.withoutTrustMs.get(run) ?? nowMs;
    this.withoutTrustMs.set(run, endedMs);
    const toleranceMs = run.machine.noticesTrustEndWithinMs + SIGNAL_TOLERANCE_MS;
    if (nowMs - endedMs <= toleranceMs || !run.machine.hasRunFor(toleranceMs)) return;
    this.history.fail('the signal aborts when trust ends', `${run.instanceId} ${nameOf(run)}`);
    this.untold.delete(run);
  }

  private checkOnce(run: Run): void {
    const { retry, recovery } = this.rules.policiesOf(run.task);
    const key = `${run.task} ${run.tick}`;
    const first = this.started.get(key);
    if (first !== undefined && retry === undefined && recovery === 'lose') {
      this.history.fail('a tick starts once', `${nameOf(run)} by ${first} and ${run.instanceId}`);
    }
    const attempt = `${key} ${run.attempt}`;
    if (this.attempts.has(attempt))
      this.history.fail('an attempt starts once', `${nameOf(run)} by ${run.instanceId}`);
    this.attempts.add(attempt);
    if (first === undefined) this.started.set(key, run.instanceId);
  }

  /** The token is the instant that was claimed for this very attempt, and not given back. */
  private checkClaimed(run: Run): void {
    if (run.token !== run.tick + run.attempt - 1)
      this.history.fail('the token is the claimed instant', nameOf(run));
    const isPartOfClaim = run.attempt > 1 && this.rules.policiesOf(run.task).overlap === 'allow';
    if (isPartOfClaim || run.resident.claimed.has(`${run.task} ${run.token}`)) return;
    this.history.fail('no start without a claim', `${nameOf(run)} by ${run.instanceId}`);
  }

  private checkOrder(run: Run): void {
    // Runs that may overlap start in any order; attempts at the same tick do not.
    const key = this.rules.policiesOf(run.task).overlap === 'allow' ? `${run.task} ${run.tick}` : run.task;
    const last = this.lastToken.get(key);
    if (last !== undefined && run.token <= last) {
      this.history.fail('tokens grow', `${nameOf(run)} after ${last - EPOCH_MS}`);
    }
    this.lastToken.set(key, run.token);
  }

  private checkOverlap(run: Run): void {
    if (this.rules.policiesOf(run.task).overlap === 'allow') return;
    const others = this.living(run.task);
    const handedOver = others.filter(({ machine }) => machine !== run.machine);
    if (handedOver.length > 0) this.history.count('hand-over while a handler runs');
    if (this.rules.isLockless) return;
    if (handedOver.some((old) => this.mustHaveEnded(old, run))) this.history.count('hand-over checked');
    for (const old of others) {
      if (old.context.remainingMs() <= 0 || !this.mustHaveEnded(old, run)) continue;
      this.history.fail(
        'trusted runs do not overlap',
        `${run.task}: ${old.instanceId} and ${run.instanceId}`,
      );
    }
  }

  /** Whether the new run has its lock from a majority of servers that were bound to the old one. */
  private mustHaveEnded(old: Run, run: Run): boolean {
    const { servers, leaseTtlMs } = this.rules;
    const bound = servers.filter((server) => isBound(server, old.machine, run.task, leaseTtlMs));
    if (bound.length === servers.length) return true;
    const granting = bound.filter(({ desk }) => desk.isHeldBy(run.task, run.instanceId));
    return granting.length >= quorumOf(servers.length);
  }
}
