/**
 * One instance that bids for every tick of its tasks: no ranks and no lease, so that the ledger alone decides. From the
 * contest down to the scripts it is the production protocol; only the loop above is this file's, because the
 * scheduler rightly refuses a period of 20 ms.
 */

import { Admission } from '#src/protocol/bid/admission.js';
import { BidLead } from '#src/protocol/bid/bid-lead.js';
import { OwnClaims } from '#src/protocol/bid/own-claims.js';
import { contestSlot } from '#src/protocol/contest/slot-contest.js';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import type { Clock, LockProvider, Random, TickLedger } from '#src/protocol/contract/ports.js';
import type { TickHandler } from '#src/protocol/contract/tick-context.js';
import { LeaseKeeper } from '#src/protocol/lease/keep-lease.js';
import { guardLedger } from '#src/protocol/ledger/guarded-ports.js';
import { DEFAULTS, type ProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { RunChains } from '#src/protocol/run/run-chains.js';
import type { RunParts } from '#src/protocol/run/run-parts.js';
import { RunRegister } from '#src/protocol/run/run-register.js';
import type { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import { LoadGauge } from '#src/protocol/time/load-gauge.js';
import { type Approach, approachTo, MAX_LEAD_MS, TASKS, type TortureTask } from './tasks.js';

export const OPTIONS: ProtocolOptions = { ...DEFAULTS, namespace: 'torture', bidStaggerMs: 5 };

const LOOK_EVERY_MS = 40;
/** Ticks are planned so far ahead that the earliest of bids can be on time. */
const PLAN_AHEAD_MS = MAX_LEAD_MS + 4 * LOOK_EVERY_MS;

export interface BidderParts {
  readonly instanceId: string;
  readonly clock: Clock;
  readonly clusterClock: ClusterClock;
  readonly random: Random;
  readonly ledger: TickLedger;
  readonly handler: TickHandler;
  readonly onTrouble: (what: string) => void;
}

export class Bidder {
  private readonly stopping = new AbortController();
  private readonly contest: RunParts;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(private readonly parts: BidderParts) {
    this.contest = { ...runParts(parts, this.stopping.signal), track: (work) => this.track(work) };
  }

  /** Bids until it is stopped. Resolves when the last contest has ended. */
  async run(): Promise<void> {
    const { clock, clusterClock } = this.parts;
    const planned = new Map(TASKS.map((task) => [task, clusterClock.nowMs() + PLAN_AHEAD_MS]));
    while (!this.stopping.signal.aborted) {
      for (const task of TASKS) planned.set(task, this.plan(task, planned.get(task) ?? 0));
      await clock.sleepUntil(clock.monotonicMs() + LOOK_EVERY_MS, this.stopping.signal);
    }
    await Promise.all(this.pending);
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Takes up the ticks after `lastMs` that have come near, and answers with the newest of them. */
  private plan(task: TortureTask, lastMs: number): number {
    const { periodMs, phaseMs } = task;
    const horizonMs = this.parts.clusterClock.nowMs() + PLAN_AHEAD_MS;
    let tick = Math.floor((lastMs - phaseMs) / periodMs) * periodMs + phaseMs;
    while (tick + periodMs <= horizonMs) {
      tick += periodMs;
      this.track(this.bidFor(task, tick));
    }
    return Math.max(lastMs, tick);
  }

  private async bidFor(task: TortureTask, tick: number): Promise<void> {
    const approach: Approach = approachTo(task, this.parts.random);
    await this.parts.clusterClock.sleepUntil(tick + approach.offsetMs, this.stopping.signal);
    if (this.stopping.signal.aborted) return;
    const schedule = { description: task.name, nextAfter: () => undefined };
    const due: DueTick = {
      task: { name: task.name, schedule, handler: this.parts.handler },
      tick,
      maxLatenessMs: task.maxLatenessMs,
    };
    await contestSlot(this.contest, { tick, leadMs: Math.max(0, -approach.offsetMs) }, [due]);
  }

  private track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => this.parts.onTrouble(String(error)))
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }
}

function runParts(parts: BidderParts, stopped: AbortSignal): Omit<RunParts, 'track'> {
  const { instanceId, clock, random, onTrouble } = parts;
  const locks = freeLocks(random);
  const observer = { observe: () => undefined };
  return {
    ...parts,
    ledger: guardLedger(parts.ledger, observer),
    options: OPTIONS,
    locks,
    observer,
    stopped,
    chains: new RunChains(),
    register: new RunRegister(),
    ownClaims: new OwnClaims(),
    keeper: new LeaseKeeper({ clock, locks, observer, leaseTtlMs: OPTIONS.leaseTtlMs }),
    idempotencyKey: (task, tick) => `${task} ${tick}`,
    around: (_context, run) => run(),
    admission: new EveryBid(),
    lead: new BidLead(OPTIONS.bidLeadMs),
    load: new LoadGauge(clock, Number.POSITIVE_INFINITY),
    isAbandoned: () => false,
    // Everybody takes itself for the only one, and so is first in rank for everything.
    members: () => [instanceId],
    beat: async () => [],
    stopForGood: (reason) => onTrouble(`fenced: ${reason}`),
    report: () => undefined,
  };
}

/**
 * Bids for every tick at once. Under a limit the instances would meet seldom: messages that are slow on purpose are late for the tasks that
 * are due every 20 ms, and that would leave all others one bid at a time.
 */
class EveryBid extends Admission {
  override ended(bids: number): void {
    super.ended(bids, 0);
  }
}

/** Grants everything to everybody. */
function freeLocks(random: Random): LockProvider {
  return {
    tryAcquire: async (tasks) =>
      tasks.map((task) => ({ kind: 'acquired', lock: { task, value: random.id() } })),
    extend: async (locks) => locks.map(() => ({ kind: 'extended' })),
    release: async () => undefined,
  };
}
