/**
 * The scheduler of one instance: a loop that wakes shortly before the next due instant, starts the contest for
 * the ticks of that instant, and arms their successors. Step 1 of the protocol.
 */

import { Audit } from './audit/audit.js';
import { BeatQuestions } from './beat-questions.js';
import { type ContestParts, contestInstant } from './contest.js';
import { awaitFirstAnswer } from './first-answer.js';
import { Heartbeat } from './heartbeat.js';
import { LeaseKeeper } from './keep-lease.js';
import { LookBack } from './look-back.js';
import type { ScheduleEvent, ScheduleObserver } from './observer.js';
import type { TickReport } from './outcome.js';
import { OwnClaims } from './own-claims.js';
import { PendingWork } from './pending-work.js';
import { RunsHere } from './run-here.js';
import type { SchedulerParts, SchedulerState, SchedulerStatus, StoreReach } from './scheduler-parts.js';
import { TaskBook } from './task-book.js';
import type { ScheduledTask } from './tick-context.js';
import { Wakeup } from './wakeup.js';

/** With no task due, the loop wakes at least so often, ms. */
const LONGEST_SLEEP_MS = 60_000;

/** The loop's pause after a step that threw, ms. */
const AFTER_BUG_MS = 200;

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
  private readonly runs = new RunsHere();
  private readonly wakeup = new Wakeup();
  private readonly pending: PendingWork;
  private state: SchedulerState = 'idle';
  private stopped: Promise<void> | undefined;
  private isArmedInClusterTime = false;
  private isAbandoned = false;
  /** What {@link status} says of the store, at no cost that grows with the tasks. */
  readonly reach = (): StoreReach => ({ state: this.state, ...this.heartbeat.reach() });

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
      runs: this.runs,
      ownClaims: new OwnClaims(),
      around: parts.around ?? ((_context, run) => run()),
      stopped: this.stopping.signal,
      isAbandoned: () => this.isAbandoned,
      members: () => this.heartbeat.members,
      contenders: (task) => this.contendersFor(task),
      beat: (peeks) => this.heartbeat.beat(peeks),
      fence: (reason) => this.fence(reason),
      report: (report) => this.close(report),
    };
    const auditParts = { ...this.contestParts, hasQuorum: () => this.heartbeat.quorum };
    this.audit = new Audit(auditParts, this.book, (finding) => this.tell({ type: 'audit', finding }));
    this.lookBack = new LookBack(this.contestParts, (work) => this.track(work));
    const questions = new BeatQuestions({ ...this.contestParts, isElsewhere: parts.isElsewhere });
    this.heartbeat = new Heartbeat({ ...parts, observer, passengers: [this.lookBack], questions });
    parts.electorate?.onBeatWanted(() => this.wakeup.wake());
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
    this.runs.of(task.name)?.goOnWith(task);
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
    this.runs.of(name)?.goOnWith(undefined);
  }

  /** Starts beating and bidding. A second call does nothing. */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.track(this.loop());
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

  /** Trusts the leases of all runs only for a moment longer, unless they can be renewed; for an adapter that has lost its presence. */
  doubtAll(): void {
    this.keeper.doubtAll();
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
      tasks: this.book.statuses(this.parts.labelsOf?.(instanceId) ?? [], (name) => this.audit.countsOf(name)),
      leases: this.keeper
        .leases()
        .map((lease) => ({ task: lease.task, tick: lease.tick, remainingMs: lease.remainingMs() })),
    };
  }

  /** The live instances that run a task, this one included. */
  private contendersFor(task: string): readonly string[] {
    const { instanceId, runsTask } = this.parts;
    const { members } = this.heartbeat;
    if (runsTask === undefined) return members;
    return members.filter((member) => member === instanceId || runsTask(member, task));
  }

  private async loop(): Promise<void> {
    await awaitFirstAnswer(this.parts, this.heartbeat, this.stopping.signal);
    this.book.rearm(this.parts.clusterClock.nowMs());
    while (!this.stopping.signal.aborted) {
      const steps = [
        this.attempt('contests', () => this.contestDueTicks()),
        this.attempt('audit', () =>
          this.track(this.audit.look().then((hasAsked) => hasAsked && this.wakeup.wake())),
        ),
        this.attempt('beat', () => this.beatIfDue()),
      ];
      // What has failed would fail again at once.
      const pauseMs = steps.includes(false) ? AFTER_BUG_MS : 0;
      await this.wakeup.sleep((woken) => this.sleepUntilNext(woken, pauseMs));
    }
  }

  /** A bug in one step must not end the others: an instance that neither beats nor bids looks well from outside. */
  private attempt(step: string, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.tell({ type: 'error', error, where: `scheduler: ${step}` });
      return false;
    }
  }

  private contestDueTicks(): void {
    const { clusterClock, options } = this.parts;
    this.rearmWhenSynchronised();
    this.book.mend(clusterClock.nowMs());
    for (;;) {
      const tick = this.book.earliest();
      if (tick === undefined || tick - options.bidLeadMs > clusterClock.nowMs()) return;
      const dues = this.book.take(tick, clusterClock.nowMs());
      this.audit.watch(dues);
      this.track(contestInstant(this.contestParts, tick, dues));
    }
  }

  /** The first agreement may have stepped back: what was armed by this machine's own clock is armed anew. */
  private rearmWhenSynchronised(): void {
    const { clusterClock } = this.parts;
    if (this.isArmedInClusterTime || !clusterClock.synchronised) return;
    this.isArmedInClusterTime = true;
    this.book.rearm(clusterClock.nowMs());
    this.track(this.audit.begin());
  }

  private beatIfDue(): void {
    if (this.heartbeat.isBeating || this.parts.clock.monotonicMs() < this.heartbeat.nextBeatMs) return;
    this.track(this.heartbeat.beat());
  }

  private async sleepUntilNext(woken: AbortSignal, pauseMs: number): Promise<void> {
    const { clock, clusterClock, options } = this.parts;
    const tick = this.book.earliest();
    const nowMs = clock.monotonicMs();
    const bidMs =
      tick === undefined ? nowMs + LONGEST_SLEEP_MS : clusterClock.toMonotonicMs(tick - options.bidLeadMs);
    const beatMs = this.heartbeat.isBeating ? nowMs + options.nodeTimeoutMs : this.heartbeat.nextBeatMs;
    const nextMs = Math.min(bidMs, beatMs, clusterClock.toMonotonicMs(this.audit.nextMs));
    await clock.sleepUntil(Math.max(nextMs, nowMs + pauseMs), woken);
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
    if (report.outcome === 'overlap') this.runs.of(report.task)?.pass(report.tick);
    this.lookBack.ended(report);
    this.book.ended(report);
    this.tell({ type: 'tick', report });
  }

  private tell(event: ScheduleEvent): void {
    if (event.type === 'started' && !event.isRetry) this.book.started(event.task);
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
