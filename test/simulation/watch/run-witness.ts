/** Every run of a handler, written down where it happens, and what must be true of runs. */

import { quorumOf } from '../../../libs/distributed-schedule/src/protocol/quorum.js';
import type { TickContext } from '../../../libs/distributed-schedule/src/protocol/tick-context.js';
import { EPOCH_MS, type Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { VirtualTime } from '../world/virtual-time.js';
import type { History } from './history.js';
import { isBound } from './promise.js';

/** One run of a handler. */
export interface Run {
  readonly task: string;
  readonly tick: number;
  readonly instanceId: string;
  readonly token: number;
  readonly context: TickContext;
  readonly machine: Machine;
}

/** Where and when a handler was called. */
export interface Start {
  readonly context: TickContext;
  readonly machine: Machine;
  /** Start minus tick on the instance's cluster clock, ms. */
  readonly latenessMs: number;
}

export interface RunRules {
  readonly servers: readonly Server[];
  readonly lateLimitMs: number;
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

export class RunWitness {
  /** `task tick` of every tick that has started. */
  readonly started = new Map<string, string>();
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
    private readonly rules: RunRules,
  ) {}

  start({ context, machine, latenessMs }: Start): Run {
    const { task, tick, instanceId, fencingToken: token } = context;
    const run: Run = { task, tick, instanceId, token, context, machine };
    this.history.note(() => `${instanceId} starts ${nameOf(run)}`);
    if (context.remainingMs() <= 0) this.history.fail('no start without trust', nameOf(run));
    if (latenessMs > this.rules.lateLimitMs || latenessMs < EARLIEST_START_MS) {
      this.history.fail('starts in time', `${nameOf(run)} by ${latenessMs.toFixed(1)} ms`);
    }
    this.checkOnce(run);
    if (!this.rules.isLockless) this.checkOrder(run);
    this.checkOverlap(run);
    this.running.add(run);
    this.untold.add(run);
    if (!this.isWatching) this.watchSignals();
    return run;
  }

  end(run: Run): void {
    this.running.delete(run);
    this.untold.delete(run);
    this.withoutTrustMs.delete(run);
    this.justEnded = this.justEnded.filter(({ endMs }) => this.history.nowMs() - endMs < REPORT_DELAY_MS);
    this.justEnded.push({ run, endMs: this.history.nowMs() });
    this.history.note(() => `${run.instanceId} ends ${nameOf(run)}`);
  }

  /** Whether the handler has not returned, or so lately that its report may be on its way. */
  isUnfinished(instanceId: string, task: string, tick: number): boolean {
    const recent = this.justEnded.filter(({ endMs }) => this.history.nowMs() - endMs < REPORT_DELAY_MS);
    return [...this.running, ...recent.map(({ run }) => run)].some(
      (run) => run.instanceId === instanceId && run.task === task && run.tick === tick,
    );
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
    const key = `${run.task} ${run.tick}`;
    const first = this.started.get(key);
    if (first !== undefined) {
      this.history.fail('a tick starts once', `${nameOf(run)} by ${first} and ${run.instanceId}`);
    }
    this.started.set(key, run.instanceId);
  }

  private checkOrder(run: Run): void {
    const last = this.lastToken.get(run.task);
    if (last !== undefined && run.token <= last) {
      this.history.fail('tokens grow', `${nameOf(run)} after ${last - EPOCH_MS}`);
    }
    this.lastToken.set(run.task, run.token);
  }

  private checkOverlap(run: Run): void {
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
    const { servers } = this.rules;
    const bound = servers.filter((server) => isBound(server, old.machine));
    if (bound.length === servers.length) return true;
    const granting = bound.filter(({ desk }) => desk.isHeldBy(run.task, run.instanceId));
    return granting.length >= quorumOf(servers.length);
  }
}

function nameOf({ task, tick }: { readonly task: string; readonly tick: number }): string {
  return `${task}@${tick - EPOCH_MS}`;
}
