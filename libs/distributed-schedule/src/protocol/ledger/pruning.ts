/**
 * When an instance has the nodes forget old lines, and what it tells them of the windows in use. One message per node and hour; more only where a
 * node has more lines than it looks through for one.
 *
 * Every instance tells its own window, and a node keeps to the longest. A window that is too short doubles nothing: what was
 * granted stays refused. It costs what might still have been started: an old tick that is to be made up for, a retake, an attempt.
 */

import { hash32 } from '../contract/hash.js';
import type { Clock } from '../contract/ports.js';
import { DEFAULT_POLICIES } from '../contract/task-policies.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { GuardedLedger } from './guarded-ports.js';

export interface PruningPace {
  readonly periodMs: number;
  /** What is younger is never forgotten, ms. */
  readonly leastWindowMs: number;
}

export const DEFAULT_PACE: PruningPace = Object.freeze({ periodMs: 3_600_000, leastWindowMs: 86_400_000 });

/** A new instance tells its window within so long, ms: others may prune before. */
const FIRST_WITHIN_MS = 120_000;

/** Between two slices of one pass, ms: the server answers others meanwhile. */
const PAUSE_MS = 50;

/** A pass goes on with the next period after so many slices. */
const MOST_SLICES = 10_000;

export interface PruningParts {
  readonly instanceId: string;
  readonly ledger: Pick<GuardedLedger, 'prune'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly stopped: AbortSignal;
  readonly tasks: () => readonly ScheduledTask[];
  /** The ticks whose handlers have been called here and have not returned. */
  readonly register: { all(): readonly { readonly context: { readonly tick: number } }[] };
  readonly options: { readonly leaseTtlMs: number };
  /** Default: {@link DEFAULT_PACE}. */
  readonly pace?: PruningPace;
}

export class Pruning {
  private readonly pace: PruningPace;
  /** Of this instance, so that not all of them come at once. */
  private readonly share: number;
  private dueMs: number;
  private isUnderWay = false;

  constructor(private readonly parts: PruningParts) {
    this.pace = parts.pace ?? DEFAULT_PACE;
    this.share = hash32(parts.instanceId) / 2 ** 32;
    const firstWithinMs = Math.min(FIRST_WITHIN_MS, this.pace.periodMs);
    this.dueMs = parts.clock.monotonicMs() + (firstWithinMs * (1 + this.share)) / 2;
  }

  /** What is due now; undefined for nothing. */
  look(): Promise<void> | undefined {
    const { clock, ledger } = this.parts;
    const nowMs = clock.monotonicMs();
    if (ledger.prune === undefined || this.isUnderWay || nowMs < this.dueMs) return undefined;
    this.dueMs = nowMs + this.pace.periodMs * (0.9 + 0.1 * this.share);
    return this.pass();
  }

  /** For how long back this instance, or a task of it, may still claim an instant, ms. */
  windowMs(): number {
    const { tasks, register, clusterClock, options } = this.parts;
    const nowMs = clusterClock.nowMs();
    const windowsMs = [
      this.pace.leastWindowMs,
      // A lease is renewed where nobody has claimed the task after its holder.
      2 * options.leaseTtlMs,
      ...tasks().map(windowOf),
      // Its closing, and what waits for its end, are claimed when it ends.
      ...register.all().map(({ context }) => nowMs - context.tick),
    ];
    // It is told again after one period, and is a period older by then.
    return windowsMs.reduce((longest, one) => Math.max(longest, one)) + 2 * this.pace.periodMs;
  }

  private async pass(): Promise<void> {
    const { ledger, clock, stopped } = this.parts;
    this.isUnderWay = true;
    try {
      for (let slices = 0; slices < MOST_SLICES && !stopped.aborted; slices += 1) {
        const request = { windowMs: this.windowMs(), restMs: this.pace.periodMs / 2 };
        const answer = await ledger.prune?.(request);
        if (answer?.isUnfinished !== true) return;
        await clock.sleepUntil(clock.monotonicMs() + PAUSE_MS, stopped);
      }
    } finally {
      this.isUnderWay = false;
    }
  }
}

function windowOf({ policies = DEFAULT_POLICIES, maxLatenessMs = 0 }: ScheduledTask): number {
  return Math.max(
    maxLatenessMs,
    policies.misfire === 'skip' ? 0 : policies.misfireWithinMs,
    policies.recovery === 'retake' ? policies.recoveryWithinMs : 0,
    policies.retry?.deadlineMs ?? 0,
  );
}
