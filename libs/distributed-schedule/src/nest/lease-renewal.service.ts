import { Inject, Injectable } from '@nestjs/common';
import type { ScheduleEvent } from '../protocol/contract/observer.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import type { Scheduler } from '../protocol/scheduler/scheduler.js';
import type { SchedulerStatus } from '../protocol/scheduler/scheduler-parts.js';
import { SCHEDULER } from './distributed-schedule.tokens.js';

/** A lease of a run in flight; `remainingMs` is 0 where trust in it has ended. */
export type LeaseStatus = SchedulerStatus['leases'][number];

/** Trust in a lease was prolonged, or has ended for good. */
export type TrustChange = Extract<ScheduleEvent, { type: 'renewed' | 'lease_lost' }>;

/**
 * The leases of the runs in flight on this instance. Each is renewed when a third of its time to live has passed,
 * by the loop in protocol/lease/keep-lease.ts; this is the app's view of it.
 */
@Injectable()
export class LeaseRenewalService {
  constructor(
    @Inject(SCHEDULER) private readonly scheduler: Scheduler,
    @Inject(ObserverFanout) private readonly fanout: ObserverFanout,
  ) {}

  /** One entry per run in flight. */
  list(): readonly LeaseStatus[] {
    return this.scheduler.status().leases;
  }

  /**
   * Renews all of them at once, for instance right before a long synchronous stretch. Does not wait for the
   * answers; each one comes as a {@link TrustChange}.
   */
  renewNow(): void {
    this.scheduler.renewAll();
  }

  /**
   * Tells each renewal and each loss. The listener is called synchronously and must not throw; if it does, or rejects, the
   * observers are told.
   * @returns stops listening
   */
  onTrustChange(listener: (change: TrustChange) => void): () => void {
    const observer = {
      // What it returns is handed on, since an async listener may reject.
      observe: (event: ScheduleEvent): unknown =>
        event.type === 'renewed' || event.type === 'lease_lost' ? listener(event) : undefined,
    };
    this.fanout.add(observer);
    return () => this.fanout.remove(observer);
  }
}
