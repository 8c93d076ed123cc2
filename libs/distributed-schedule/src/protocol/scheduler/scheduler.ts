/** The scheduler of one instance: its tasks, its beats, its leases and its audit, from the first beat to the end of the last run. */

import { keepEndOfLeftBehind } from '../bid/keep-ends.js';
import type { ScheduleEvent, TickListener } from '../contract/observer.js';
import type { TickReport } from '../contract/outcome.js';
import type { ScheduledTask, TaskStatus, TickContext } from '../contract/tick-context.js';
import { PendingWork } from '../time/pending-work.js';
import { type Assembly, assemble } from './assembly.js';
import type { SchedulerParts, SchedulerState, SchedulerStatus, StoreReach } from './scheduler-parts.js';

/** The share of `shutdownTimeoutMs` after which running handlers are told to abort; the rest is theirs to obey. */
const DRAIN_SHARE = 0.8;

export class Scheduler {
  private readonly own: Assembly;
  private readonly stopping = new AbortController();
  private readonly pending: PendingWork;
  /** What must happen when a tick has ended here, in this order. */
  private readonly listeners: TickListener[];
  private state: SchedulerState = 'idle';
  private stopped: Promise<void> | undefined;
  private isAbandoned = false;
  /** What {@link status} says of the store, at no cost that grows with the tasks. */
  readonly reach = (): StoreReach => ({
    state: this.state,
    ...this.own.heartbeat.reach(),
    clockAheadMs: this.parts.clusterClock.status().aheadMs,
  });

  constructor(private readonly parts: SchedulerParts) {
    const { clock } = parts;
    this.pending = new PendingWork(clock, (error) => this.tell({ type: 'error', error, where: 'scheduler' }));
    this.own = assemble(parts, {
      stopped: this.stopping.signal,
      isAbandoned: () => this.isAbandoned,
      tell: (event) => this.tell(event),
      report: (report) => this.close(report),
      stopForGood: (reason) => this.stopForGood(reason),
      track: (work) => this.track(work),
    });
    const { chains, pastWatch, book } = this.own;
    this.listeners = [chains, pastWatch, book, { tickEnded: (report) => this.keepEndOf(report) }];
  }

  /** @throws DistributedScheduleError DSCHED_DUPLICATE_TASK, DSCHED_DURATIONS */
  add(task: ScheduledTask): void {
    this.own.book.add(task, this.parts.clusterClock.nowMs());
    this.own.pastWatch.add(task);
    this.own.wakeup.wake();
  }

  /** Goes on with another schedule, handler or payload of a task. A run in flight ends as it would have. */
  replace(task: ScheduledTask): void {
    this.own.book.replace(task, this.parts.clusterClock.nowMs());
    this.own.pastWatch.replace(task);
    this.own.chains.of(task.name)?.goOnWith(task);
    this.own.wakeup.wake();
  }

  /** The schedule of a task has changed its mind about when the task is due next. */
  armAgain(name: string): void {
    const task = this.own.book.taskOf(name);
    if (task !== undefined) this.replace(task);
  }

  /** Forgets a task. A run in flight ends as it would have. */
  remove(name: string): void {
    this.own.book.remove(name);
    this.own.pastWatch.remove(name);
    this.own.audit.drop(name);
    this.own.ranks.drop(name);
    this.own.chains.of(name)?.goOnWith(undefined);
  }

  /** Has `listener` told of each tick that ends here, before any observer is. */
  listen(listener: TickListener): void {
    this.listeners.push(listener);
  }

  /** Starts beating and bidding. A second call does nothing. */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.track(this.own.loop.run());
  }

  /** Stops bidding, aborts handlers shortly before `shutdownTimeoutMs`, frees locks and leaves, so that others take over. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  /** Renews the leases of all runs now; for an adapter that has noticed that its presence was interrupted. */
  renewAll(): void {
    this.own.keeper.renewAll();
  }

  /** Renews all leases, and doubts those that nodes may give away. @param position of the node; undefined: unknown */
  lostSight(position?: string): void {
    this.own.keeper.lostSight(position);
  }

  status(): SchedulerStatus {
    const { instanceId, nodes, clusterClock } = this.parts;
    return {
      instanceId,
      ...this.reach(),
      nodes,
      nodeSet: this.parts.electorate?.status(),
      members: this.own.heartbeat.members,
      skewMs: clusterClock.synchronised ? clusterClock.status().skewMs : undefined,
      audit: this.own.audit.counts,
      tasks: this.own.book.tasks().flatMap(({ name }) => this.statusOf(name) ?? []),
      runs: this.own.register.shown(),
      leases: this.own.keeper
        .leases()
        .map((lease) => ({ task: lease.task, tick: lease.tick, remainingMs: lease.remainingMs() })),
    };
  }

  /** Whether the run was given up here: nothing waits for it any more. */
  hasGivenUp(context: TickContext): boolean {
    return this.own.register.all().some((run) => run.context === context && run.state === 'given_up');
  }

  /** Undefined for a task that is not scheduled here. */
  statusOf(name: string): TaskStatus | undefined {
    const { instanceId, labelsOf } = this.parts;
    const runs = this.own.register.shownOf(name);
    return this.own.book.statusOf(name, labelsOf?.(instanceId) ?? [], this.own.audit.countsOf(name), runs);
  }

  private async shutDown(): Promise<void> {
    const wasStarted = this.state !== 'idle';
    this.state = 'stopping';
    this.stopping.abort();
    this.own.wakeup.wake();
    if (wasStarted) await this.own.membership.leave(this.parts.instanceId);
    const { clock, options } = this.parts;
    const startMs = clock.monotonicMs();
    const drained = await this.pending.settleUntil(startMs + options.shutdownTimeoutMs * DRAIN_SHARE);
    if (!drained) {
      this.isAbandoned = true;
      for (const lease of this.own.keeper.leases())
        lease.interrupt(new Error('the application is shutting down'));
      await this.pending.settleUntil(startMs + options.shutdownTimeoutMs);
    }
    this.state = 'stopped';
  }

  private stopForGood(reason: 'outdated'): void {
    if (this.stopping.signal.aborted) return;
    this.state = 'fenced';
    this.stopping.abort();
    this.own.wakeup.wake();
    this.tell({ type: 'fenced', reason });
    this.track(this.own.membership.leave(this.parts.instanceId));
  }

  private close(report: TickReport): void {
    for (const listener of this.listeners) {
      try {
        listener.tickEnded(report);
      } catch (error) {
        // A fault of one must not keep the others, nor the observers, from hearing of the tick.
        this.tell({ type: 'error', error, where: 'end of a tick' });
      }
    }
    this.tell({ type: 'tick', report });
  }

  private keepEndOf(report: TickReport): void {
    const task = this.own.book.taskOf(report.task);
    // For nearly every tick undefined: a promise for each would cost more than all that its report is for.
    const keeping = task && keepEndOfLeftBehind(this.own.runParts, report, task);
    if (keeping !== undefined) this.track(keeping);
  }

  private tell(event: ScheduleEvent): void {
    this.own.audit.observe(event);
    try {
      this.parts.observer.observe(event);
    } catch {
      // An observer that throws has no way to be heard: it must not end a tick.
    }
  }

  private track(work: Promise<unknown>): void {
    this.pending.track(work);
  }
}
