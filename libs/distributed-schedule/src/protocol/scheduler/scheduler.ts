/** The scheduler of one instance: its tasks, its beats, its leases and its audit, from the first beat to the end of the last run. */

import { Audit } from '../audit/audit.js';
import { keepEndOfLeftBehind } from '../bid/keep-ends.js';
import { OwnClaims } from '../bid/own-claims.js';
import type { ContestParts } from '../contest/contest-parts.js';
import { LookBack } from '../contest/look-back.js';
import type { ScheduleEvent, ScheduleObserver, TickListener } from '../contract/observer.js';
import type { TickReport } from '../contract/outcome.js';
import type { ScheduledTask, TaskStatus, TickContext } from '../contract/tick-context.js';
import { LeaseKeeper } from '../lease/keep-lease.js';
import { Pruning } from '../ledger/pruning.js';
import { BeatQuestions } from '../members/beat-questions.js';
import { Heartbeat } from '../members/heartbeat.js';
import { RunChains } from '../run/run-chains.js';
import { RunRegister } from '../run/run-register.js';
import { PendingWork } from '../time/pending-work.js';
import { Wakeup } from '../time/wakeup.js';
import { SchedulerLoop } from './scheduler-loop.js';
import type { SchedulerParts, SchedulerState, SchedulerStatus, StoreReach } from './scheduler-parts.js';
import { TaskBook } from './task-book.js';

/** The share of `shutdownTimeoutMs` after which running handlers are told to abort; the rest is theirs to obey. */
const DRAIN_SHARE = 0.8;

export class Scheduler {
  private readonly book: TaskBook;
  private readonly heartbeat: Heartbeat;
  private readonly keeper: LeaseKeeper;
  private readonly contestParts: ContestParts;
  private readonly stopping = new AbortController();
  private readonly audit: Audit;
  private readonly lookBack: LookBack;
  private readonly loop: SchedulerLoop;
  private readonly chains = new RunChains();
  private readonly register = new RunRegister();
  private readonly wakeup = new Wakeup();
  private readonly pending: PendingWork;
  /** What must happen when a tick has ended here, in this order. */
  private readonly listeners: TickListener[];
  private state: SchedulerState = 'idle';
  private stopped: Promise<void> | undefined;
  private isAbandoned = false;
  /** What {@link status} says of the store, at no cost that grows with the tasks. */
  readonly reach = (): StoreReach => ({
    state: this.state,
    ...this.heartbeat.reach(),
    clockAheadMs: this.parts.clusterClock.status().aheadMs,
  });

  constructor(private readonly parts: SchedulerParts) {
    const { options, clock, locks } = parts;
    const observer: ScheduleObserver = { observe: (event) => this.tell(event) };
    this.pending = new PendingWork(clock, (error) => this.tell({ type: 'error', error, where: 'scheduler' }));
    this.book = new TaskBook(options.bidStaggerMs, (error, task) =>
      this.tell({ type: 'error', error, where: `schedule of ${task}` }),
    );
    this.keeper = new LeaseKeeper({ clock, locks, observer, leaseTtlMs: options.leaseTtlMs });
    this.contestParts = {
      ...parts,
      observer,
      keeper: this.keeper,
      chains: this.chains,
      register: this.register,
      ownClaims: new OwnClaims(),
      around: parts.around ?? ((_context, run) => run()),
      stopped: this.stopping.signal,
      isAbandoned: () => this.isAbandoned,
      members: () => this.heartbeat.members,
      contenders: (task) => this.contendersFor(task),
      beat: (peeks) => this.heartbeat.beat(peeks),
      fence: (reason) => this.fence(reason),
      track: (work) => this.track(work),
      report: (report) => this.close(report),
    };
    const auditParts = { ...this.contestParts, hasQuorum: () => this.heartbeat.quorum };
    this.audit = new Audit(auditParts, this.book, (finding) => this.tell({ type: 'audit', finding }));
    this.lookBack = new LookBack(this.contestParts);
    this.listeners = [this.chains, this.lookBack, this.book, { ended: (report) => this.keepEndOf(report) }];
    const questions = new BeatQuestions({ ...this.contestParts, isElsewhere: parts.isElsewhere });
    this.heartbeat = new Heartbeat({ ...parts, observer, passengers: [this.lookBack], questions });
    parts.electorate?.onBeatWanted(() => this.wakeup.wake());
    this.loop = new SchedulerLoop({
      ...this.contestParts,
      book: this.book,
      heartbeat: this.heartbeat,
      audit: this.audit,
      wakeup: this.wakeup,
      pruning: new Pruning({
        ...this.contestParts,
        tasks: () => this.book.tasks(),
        ...(parts.pruning && { pace: parts.pruning }),
      }),
    });
  }

  /** @throws DistributedScheduleError DSCHED_DUPLICATE_TASK, DSCHED_DURATIONS */
  add(task: ScheduledTask): void {
    this.book.add(task, this.parts.clusterClock.nowMs());
    this.lookBack.add(task);
    this.wakeup.wake();
  }

  /** Goes on with another schedule, handler or payload of a task. A run in flight ends as it would have. */
  replace(task: ScheduledTask): void {
    this.book.replace(task, this.parts.clusterClock.nowMs());
    this.lookBack.replace(task);
    this.chains.of(task.name)?.goOnWith(task);
    this.wakeup.wake();
  }

  /** The schedule of a task has changed its mind about when the task is due next. */
  armAgain(name: string): void {
    const task = this.book.find(name);
    if (task !== undefined) this.replace(task);
  }

  /** Forgets a task. A run in flight ends as it would have. */
  remove(name: string): void {
    this.book.remove(name);
    this.lookBack.remove(name);
    this.audit.forget(name);
    this.chains.of(name)?.goOnWith(undefined);
  }

  /** Has `listener` told of each tick that ends here, before any observer is. */
  listen(listener: TickListener): void {
    this.listeners.push(listener);
  }

  /** Starts beating and bidding. A second call does nothing. */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.track(this.loop.run());
  }

  /**
   * Stops bidding, lets running handlers end within `shutdownTimeoutMs` and aborts them before that, releases the
   * locks of those that ended, and leaves the membership so that others take over at once.
   */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  /** Renews the leases of all runs now; for an adapter that has noticed that its presence was interrupted. */
  renewAll(): void {
    this.keeper.renewAll();
  }

  /**
   * Renews the leases of all runs, and trusts those that may be given away only for a moment longer; for an adapter that has lost its
   * presence at the node of this position, undefined where it does not know which.
   */
  lostSight(position?: string): void {
    this.keeper.lostSight(position);
  }

  status(): SchedulerStatus {
    const { instanceId, nodes, clusterClock } = this.parts;
    return {
      instanceId,
      ...this.reach(),
      nodes,
      nodeSet: this.parts.electorate?.status(),
      members: this.heartbeat.members,
      skewMs: clusterClock.synchronised ? clusterClock.status().skewMs : undefined,
      audit: this.audit.counts,
      tasks: this.book.tasks().flatMap(({ name }) => this.statusOf(name) ?? []),
      runs: this.register.shown(),
      leases: this.keeper
        .leases()
        .map((lease) => ({ task: lease.task, tick: lease.tick, remainingMs: lease.remainingMs() })),
    };
  }

  /** Whether the run was given up here: nothing waits for it any more. */
  hasGivenUp(context: TickContext): boolean {
    return this.register.all().some((run) => run.context === context && run.state === 'given_up');
  }

  /** Undefined for a task that is not scheduled here. */
  statusOf(name: string): TaskStatus | undefined {
    const { instanceId, labelsOf } = this.parts;
    const runs = this.register.shownOf(name);
    return this.book.statusOf(name, labelsOf?.(instanceId) ?? [], this.audit.countsOf(name), runs);
  }

  /** The live instances that run a task, this one included. */
  private contendersFor(task: string): readonly string[] {
    const { instanceId, runsTask } = this.parts;
    const { members } = this.heartbeat;
    if (runsTask === undefined) return members;
    return members.filter((member) => member === instanceId || runsTask(member, task));
  }

  private async shutDown(): Promise<void> {
    const wasStarted = this.state !== 'idle';
    this.state = 'stopping';
    this.stopping.abort();
    this.wakeup.wake();
    if (wasStarted) await this.parts.membership.leave(this.parts.instanceId);
    const { clock, options } = this.parts;
    const startMs = clock.monotonicMs();
    const drained = await this.pending.settleUntil(startMs + options.shutdownTimeoutMs * DRAIN_SHARE);
    if (!drained) {
      this.isAbandoned = true;
      for (const lease of this.keeper.leases())
        lease.interrupt(new Error('the application is shutting down'));
      await this.pending.settleUntil(startMs + options.shutdownTimeoutMs);
    }
    this.state = 'stopped';
  }

  private fence(reason: 'outdated'): void {
    if (this.stopping.signal.aborted) return;
    this.state = 'fenced';
    this.stopping.abort();
    this.wakeup.wake();
    this.tell({ type: 'fenced', reason });
    this.track(this.parts.membership.leave(this.parts.instanceId));
  }

  private close(report: TickReport): void {
    for (const listener of this.listeners) {
      try {
        listener.ended(report);
      } catch (error) {
        // A fault of one must not keep the others, nor the observers, from hearing of the tick.
        this.tell({ type: 'error', error, where: 'end of a tick' });
      }
    }
    this.tell({ type: 'tick', report });
  }

  private keepEndOf(report: TickReport): void {
    const task = this.book.find(report.task);
    if (task !== undefined) this.track(keepEndOfLeftBehind(this.contestParts, report, task));
  }

  private tell(event: ScheduleEvent): void {
    this.audit.observe(event);
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
