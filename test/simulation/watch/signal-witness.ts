/** That a run is told when its time is over and when a later tick cancels it, and that it is not told so otherwise. */

import type { SimulatedPolicies } from '../world/policies.js';
import type { VirtualTime } from '../world/virtual-time.js';
import { isCatchingUp } from './catching-up.js';
import type { History } from './history.js';
import { abortedBy, nameOf, type Run } from './run.js';

export interface SignalRules {
  readonly periodMs: number;
  readonly lateLimitMs: number;
  readonly isLockless: boolean;
  readonly policiesOf: (task: string) => SimulatedPolicies;
}

/** Clocks that drift, a cluster clock that is slewed, and timers that come a little late. */
const TOLERANCE_MS = 60;
const EARLY_MS = 3;
/** The common round of bids, and what it may come too late. */
const NEXT_BID_MS = 450;

export class SignalWitness {
  constructor(
    private readonly time: VirtualTime,
    private readonly history: History,
    private readonly rules: SignalRules,
  ) {}

  started(run: Run): void {
    const policies = this.rules.policiesOf(run.task);
    const { timeoutMs, overlap } = policies;
    if (timeoutMs !== undefined) this.expectTimeout(run, timeoutMs);
    const mayBeCancelled = !isCatchingUp(run, policies, this.rules.lateLimitMs);
    if (overlap === 'cancel_other' && mayBeCancelled) this.expectCancel(run);
    run.context.signal.addEventListener('abort', () => this.told(run), { once: true });
  }

  private expectTimeout(run: Run, timeoutMs: number): void {
    const withinMs = timeoutMs + TOLERANCE_MS;
    this.time.schedule(withinMs, () => {
      if (run.end !== undefined || run.context.signal.aborted || !run.machine.hasRunFor(withinMs)) return;
      this.history.fail('a run is told when its time is over', nameOf(run));
    });
  }

  /** By the next tick of its task. */
  private expectCancel(run: Run): void {
    const { periodMs, isLockless } = this.rules;
    const { machine, resident } = run;
    const nextTick = Math.floor(Math.max(run.startedMs, run.tick) / periodMs + 1) * periodMs;
    // One whose contest had begun before this run notices it at its next bid.
    const toleranceMs = nextTick - run.startedMs < TOLERANCE_MS ? NEXT_BID_MS : TOLERANCE_MS;
    const withinMs = nextTick - run.startedMs + toleranceMs;
    this.time.schedule(withinMs, () => {
      const isOnTime = machine.hasRunFor(withinMs) && !machine.wasTouchedLately;
      const isBound = !isLockless && isOnTime && !resident.isRetired();
      const isTrusted = run.context.remainingMs() > 0;
      const hasCome = resident.clusterClock.nowMs() > nextTick + toleranceMs / 2;
      if (run.end !== undefined || run.context.signal.aborted || !isBound || !isTrusted || !hasCome) return;
      this.history.fail('a later tick cancels the run', nameOf(run));
    });
  }

  private told(run: Run): void {
    const { timeoutMs, overlap } = this.rules.policiesOf(run.task);
    const { clusterClock } = run.resident;
    switch (abortedBy(run)) {
      case 'timed_out':
        if (timeoutMs === undefined || this.time.nowMs - run.startedAtMs < timeoutMs * 0.999 - 1)
          this.history.fail('no run times out before its time', nameOf(run));
        return;
      case 'cancelled':
        if (overlap !== 'cancel_other' || clusterClock.nowMs() < run.tick + this.rules.periodMs - EARLY_MS)
          this.history.fail('only a later tick cancels a run', nameOf(run));
        return;
      default:
    }
  }
}
