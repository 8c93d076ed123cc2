import { Inject, Injectable } from '@nestjs/common';
import { DistributedScheduleError } from '../protocol/errors.js';
import type { ScheduleObserver } from '../protocol/observer.js';
import type { Scheduler } from '../protocol/scheduler.js';
import type { SchedulerStatus } from '../protocol/scheduler-parts.js';
import type { TaskStatus } from '../protocol/tick-context.js';
import { SCHEDULER, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import { ObserverFanout } from './observer-fanout.js';
import type { StoreNodeStatus, StoreStrength } from './schedule-backend.js';
import type { SchedulerHost } from './scheduler.provider.js';

/** The store as this instance sees it. */
export interface StoreStatus {
  readonly strength: StoreStrength;
  readonly nodes: readonly StoreNodeStatus[];
}

/** The handle of programs on the tasks of this instance. Inject it anywhere; the module is global. */
@Injectable()
export class DistributedScheduleRegistry {
  constructor(
    @Inject(SCHEDULER) private readonly scheduler: Scheduler,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(ObserverFanout) private readonly fanout: ObserverFanout,
  ) {}

  /** All tasks that this instance bids for; disabled ones are not among them. Empty until the app is initialised. */
  list(): readonly TaskStatus[] {
    return this.scheduler.status().tasks;
  }

  /** @throws DistributedScheduleError DSCHED_UNKNOWN_TASK */
  get(name: string): TaskStatus {
    const tasks = this.list();
    const task = tasks.find((status) => status.name === name);
    if (task !== undefined) return task;
    const known = tasks.map((status) => `'${status.name}'`).join(', ');
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_TASK',
      `no task '${name}' is registered on this instance. ${known === '' ? 'There are none' : `There are ${known}`}.`,
      { value: name },
    );
  }

  has(name: string): boolean {
    return this.list().some((status) => status.name === name);
  }

  /** The state of this instance: quorum, members, skew, tasks and leases. */
  status(): SchedulerStatus {
    return this.scheduler.status();
  }

  /** What the store promises, and which of its nodes answer. Asks nobody: it tells what is known. */
  store(): StoreStatus {
    const { backend } = this.host;
    return { strength: backend.strength, nodes: backend.health() };
  }

  /** Watches everything from now on. Adding an observer twice changes nothing. */
  addObserver(observer: ScheduleObserver): void {
    this.fanout.add(observer);
  }

  removeObserver(observer: ScheduleObserver): void {
    this.fanout.remove(observer);
  }
}
