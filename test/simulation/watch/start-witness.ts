/** Why a tick may start when it does, and as which attempt: what the policies of its task allow. */

import type { SimulatedPolicies } from '../world/policies.js';
import type { History } from './history.js';
import { abortedBy, hasFailed, nameOf, type Run } from './run.js';

export interface StartRules {
  readonly periodMs: number;
  readonly lateLimitMs: number;
  /** Without run locks every instance takes a claim that has not ended for one whose instance is gone. */
  readonly isLockless: boolean;
  readonly policiesOf: (task: string) => SimulatedPolicies;
  /** Whether the instant was ever granted to anybody, by any server. */
  readonly isGranted: (task: string, instant: number) => boolean;
}

/** Clocks of one instance may be slewed between two readings, ms. */
const SLEW_MS = 5;
/** From the decision for the newest tick to its start: two calls to the store at most, repeated twice. */
const DECIDED_WITHIN_MS = 800;
/** From the begin of a bid to the start. */
const BID_MS = 400;
/** A tick is adopted when its contest begins, shortly before its time, and a machine is not always on time. */
const ADOPTED_WITHIN_MS = 50;

export class StartWitness {
  /** The newest run of a tick on an instance. */
  private readonly newestOfTick = new Map<string, Run>();
  private readonly firstStarts = new Map<string, number>();
  /** The last run of a task on an instance: without run locks there is no lease to tell which runs stand in one line. */
  private readonly lastHere = new Map<string, Run>();
  /** Runs that have been followed by a start that had waited for them. */
  private readonly followed = new Set<Run>();

  constructor(
    private readonly history: History,
    private readonly rules: StartRules,
  ) {}

  /** @param previous the run before it under the same lease */
  started(run: Run, previous: Run | undefined): void {
    const policies = this.rules.policiesOf(run.task);
    const key = `${run.instanceId} ${run.task} ${run.tick}`;
    const earlier = this.newestOfTick.get(key);
    this.newestOfTick.set(key, run);
    if (earlier === undefined) this.firstStarts.set(key, run.startedMs);
    if (previous !== undefined) this.checkSuccession(run, previous, policies);
    if (run.attempt > 1) this.checkAttempt(run, previous, earlier, policies);
    else if (run.latenessMs > this.rules.lateLimitMs) this.checkLate(run, previous, policies);
    this.lastHere.set(hereOf(run), run);
  }

  private checkSuccession(run: Run, previous: Run, { overlap, misfire }: SimulatedPolicies): void {
    if (previous.end === undefined) {
      this.fail('runs under one lease follow each other', run);
      return;
    }
    const isCatchingUp = misfire === 'all' && (previous.attempt > 1 || this.isLate(previous));
    if (overlap !== 'cancel_other' || run.tick === previous.tick || isCatchingUp) return;
    const hasRunBeside =
      run.tick > previous.startedMs + ADOPTED_WITHIN_MS &&
      run.tick < previous.end.endedMs - ADOPTED_WITHIN_MS;
    if (!hasRunBeside || !this.isOnTime(run, this.rules.periodMs)) return;
    this.history.count('started after a cancelled run');
    if (abortedBy(previous) === undefined) this.fail('a run is cancelled before its successor starts', run);
  }

  private checkAttempt(
    run: Run,
    previous: Run | undefined,
    earlier: Run | undefined,
    policies: SimulatedPolicies,
  ): void {
    const isUnderOneLease = policies.overlap === 'allow' || (previous !== undefined && previous === earlier);
    if (
      earlier !== undefined &&
      isUnderOneLease &&
      previous?.tick !== run.tick &&
      policies.overlap !== 'allow'
    ) {
      this.fail('a tick is retried at once', run);
    }
    const mayBeRetry = this.rules.isLockless ? policies.retry !== undefined : isUnderOneLease;
    if (earlier !== undefined && mayBeRetry && hasFailed(earlier)) this.checkRetry(run, earlier, policies);
    else if (earlier !== undefined && isUnderOneLease && !this.rules.isLockless) {
      this.fail('only what has failed is retried', run);
    } else this.checkRetake(run, policies);
  }

  private checkRetry(run: Run, earlier: Run, { retry, recovery }: SimulatedPolicies): void {
    const mayBeRetake = this.rules.isLockless && recovery === 'retake';
    if (mayBeRetake) return;
    if (retry === undefined) {
      this.fail('no retry without a policy', run);
      return;
    }
    this.history.count('retried');
    if (run.attempt !== earlier.attempt + 1) this.fail('attempts of a retry are counted one by one', run);
    if (run.latenessMs > retry.deadlineMs + SLEW_MS) this.fail('no retry after the deadline', run);
    const waitedMs = run.startedAtMs - (earlier.end?.endedAtMs ?? 0);
    if (waitedMs < Math.min(retry.capMs, retry.baseMs) * 0.99 - 1) this.fail('a retry waits', run);
  }

  private checkRetake(run: Run, policies: SimulatedPolicies): void {
    const { recovery, recoveryWithinMs, countsFromMs } = policies;
    this.history.count('retaken');
    if (recovery !== 'retake') this.fail('no second attempt without a policy', run);
    if (run.latenessMs > recoveryWithinMs) this.fail('a tick is retaken within its bound', run);
    if (run.tick < countsFromMs) this.fail('a tick before the task counts is not taken up again', run);
    const earlier = Array.from({ length: run.attempt - 1 }, (_, index) => run.tick + index);
    if (!earlier.some((instant) => this.rules.isGranted(run.task, instant))) {
      this.fail('only what was claimed is retaken', run);
    }
  }

  private checkLate(run: Run, previous: Run | undefined, policies: SimulatedPolicies): void {
    const { misfire, misfireWithinMs, countsFromMs, overlap } = policies;
    if (overlap === 'buffer_one' && this.isBuffered(run, previous)) {
      this.history.count('buffered tick started late');
      return;
    }
    if (misfire === 'skip') this.fail('starts in time', run, `${run.latenessMs.toFixed(1)} ms late`);
    if (run.latenessMs > misfireWithinMs) this.fail('a missed tick is made up for within its bound', run);
    if (run.tick < countsFromMs) this.fail('a tick before the task counts was not missed', run);
    this.history.count(`made up for: ${misfire}`);
    const newestMs = this.rules.periodMs + DECIDED_WITHIN_MS;
    if (misfire === 'latest' && run.latenessMs > newestMs && this.isOnTime(run, newestMs)) {
      this.fail('of missed ticks the latest starts', run, `${run.latenessMs.toFixed(0)} ms late`);
    }
  }

  /** Whether it came due while the run before it went on, and is the first such tick to start. */
  private isBuffered(run: Run, underSameLease: Run | undefined): boolean {
    const previous = this.rules.isLockless ? this.lastHere.get(hereOf(run)) : underSameLease;
    if (previous?.end === undefined || this.followed.has(previous)) return false;
    this.followed.add(previous);
    const { end } = previous;
    const startedMs = this.firstStartMs(previous);
    // What stood in line at a retake came due shortly before that.
    const sinceMs =
      startedMs - (previous.attempt > 1 || this.isLate(previous) ? this.rules.lateLimitMs + BID_MS : 0);
    // A machine that stood still between claim and start began its run when others had long been due.
    const hasStoodStill = !this.isOnTime(run, run.startedMs - startedMs + BID_MS);
    // What has failed goes on until it is known that there is no other attempt.
    const goesOn = hasFailed(previous) && this.rules.policiesOf(run.task).retry !== undefined;
    const untilMs = goesOn ? run.startedMs : end.endedMs + ADOPTED_WITHIN_MS;
    return (hasStoodStill || run.tick > sinceMs - ADOPTED_WITHIN_MS) && run.tick < untilMs;
  }

  /** When the first attempt that the instance has made at its tick was started. */
  private firstStartMs({ instanceId, task, tick, startedMs }: Run): number {
    return this.firstStarts.get(`${instanceId} ${task} ${tick}`) ?? startedMs;
  }

  /** Whether its machine has been running and telling the time for so long. */
  private isOnTime({ machine }: Run, durationMs: number): boolean {
    return machine.hasRunFor(durationMs) && !machine.wasTouchedLately;
  }

  private isLate({ latenessMs }: Run): boolean {
    return latenessMs > this.rules.lateLimitMs;
  }

  private fail(rule: string, run: Run, detail = ''): void {
    this.history.fail(rule, `${nameOf(run)} on ${run.instanceId} ${detail}`.trim());
  }
}

function hereOf({ instanceId, task }: Run): string {
  return `${instanceId} ${task}`;
}
