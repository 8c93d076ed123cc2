/**
 * When we let nodes prune old lines, one message per node and hour. A node keeps to the longest window it is told.
 * A window too short doubles nothing; it costs missed ticks, retakes and attempts that might still have started.
 */

import { hash32 } from '../contract/hash.js';
import type { Clock } from '../contract/ports.js';
import { DEFAULT_POLICIES } from '../contract/task-policies.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { GuardedLedger } from './guarded-ports.js';

export interface PruningPace {
  readonly periodMs: number;
  /** What is younger is never forgotten. */
  readonly leastWindowMs: number;
}

export const DEFAULT_PACE: PruningPace = Object.freeze({ periodMs: 3_600_000, leastWindowMs: 86_400_000 });

/** A new instance tells its window within this; others may prune before. */
const FIRST_WITHIN_MS = 120_000;

/** Between two slices of one pass: the server answers others meanwhile. */
const PAUSE_MS = 50;

/** After this many slices a pass goes on with the next period. */
const MAX_SLICES = 10_000;

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

  /** The oldest instant that this instance may still claim is this long ago. */
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
      for (let slices = 0; slices < MAX_SLICES && !stopped.aborted; slices += 1) {
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
