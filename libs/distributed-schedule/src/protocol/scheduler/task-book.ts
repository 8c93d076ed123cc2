/** The tasks of one instance: when each is due next, and how its last tick ended. */

import { BOARD_PERIOD_MS } from '../board/board-record.js';
import type { AuditCounts } from '../contract/audit-finding.js';
import type { DueTick } from '../contract/due-tick.js';
import { DistributedScheduleError } from '../contract/errors.js';
import { hasRun, type TickReport } from '../contract/outcome.js';
import type { RunInFlight } from '../contract/run-in-flight.js';
import type { ScheduledTask, TaskStatus } from '../contract/tick-context.js';
import { isEligible } from '../members/ranking.js';
import { latenessLimit } from '../policies/lateness.js';
import { requirePeriod } from '../schedules/period.js';
import { DueOrder } from './due-order.js';
import type { InstantSize } from './slot.js';

/** After a long pause only the first missed tick and those of this span are reported: counting all would block the process. */
const MISSED_SPAN_MS = 60_000;

/** A change at run time reaches every instance within this: an exchange, its way and a plan. Ticks since then are still contested. */
const NOTICED_WITHIN_MS = BOARD_PERIOD_MS + 250;

interface Page {
  task: ScheduledTask;
  /** The newest instant that this instance has nothing to do with any more. */
  position: number;
  /** The instant after which {@link nextTick} is the next one. */
  askedMs: number;
  /** The next due instant, set by `arm`; the successor is computed from it, never from "now", so that no tick is skipped. */
  nextTick: number | undefined;
  lastReport: TickReport | undefined;
  lastRun: TaskStatus['lastRun'];
}

/** A schedule that throws is asked again after this: one that a clock or a file has misled may be right by then. */
const ASK_BROKEN_AGAIN_MS = 1_000;

export class TaskBook {
  private readonly pages = new Map<string, Page>();
  private readonly order = new DueOrder<Page>();
  /** Tasks whose schedule threw when it was asked for the next instant, and when that was; cluster time. */
  private readonly broken = new Map<string, number>();

  constructor(
    private readonly bidStaggerMs: number,
    /** Told of a schedule that throws. It must not end the ticks of the others. */
    private readonly onBroken: (error: unknown, task: string) => void = () => {},
  ) {}

  /** @throws DistributedScheduleError DSCHED_DUPLICATE_TASK, DSCHED_DURATIONS */
  add(task: ScheduledTask, nowMs: number): void {
    const { name } = task;
    if (this.pages.has(name)) {
      const message = 'a task of this name is already registered';
      throw new DistributedScheduleError('DSCHED_DUPLICATE_TASK', message, { task: name, value: name });
    }
    requirePeriod(task, nowMs, this.bidStaggerMs);
    const nextTick = task.schedule.nextAfter(nowMs);
    const none = { nextTick: undefined, lastReport: undefined, lastRun: undefined };
    const page: Page = { task, position: nowMs, askedMs: nowMs, ...none };
    this.pages.set(name, page);
    this.arm(page, nextTick);
  }

  /** Contests ticks of the new schedule since our last look, within NOTICED_WITHIN_MS; none twice. */
  replace(task: ScheduledTask, nowMs: number): void {
    const page = this.pages.get(task.name);
    if (page === undefined) return;
    page.task = task;
    this.broken.delete(task.name);
    const askedMs = Math.max(page.position, nowMs - NOTICED_WITHIN_MS);
    this.arm(page, task.schedule.nextAfter(askedMs));
    page.askedMs = askedMs;
  }

  taskOf(name: string): ScheduledTask | undefined {
    return this.pages.get(name)?.task;
  }

  tasks(): readonly ScheduledTask[] {
    return [...this.pages.values()].map(({ task }) => task);
  }

  remove(name: string): void {
    const page = this.pages.get(name);
    if (page !== undefined) this.arm(page, undefined);
    this.pages.delete(name);
    this.broken.delete(name);
  }

  /** Counts from `nowMs`: what was due before is not ours. Asks only schedules whose next tick may have changed. */
  rearm(nowMs: number): void {
    for (const page of this.pages.values()) {
      const { askedMs, nextTick } = page;
      page.position = nowMs;
      if (nextTick === undefined || nextTick <= nowMs || askedMs > nowMs)
        this.arm(page, this.nextOf(page, nowMs, nowMs));
    }
  }

  /** Asks the schedules again that threw a while ago. */
  mend(nowMs: number): void {
    for (const [name, brokenMs] of this.broken) {
      const page = this.pages.get(name);
      if (page === undefined || nowMs < brokenMs + ASK_BROKEN_AGAIN_MS) continue;
      this.arm(page, this.nextOf(page, Math.max(page.position, nowMs - NOTICED_WITHIN_MS), nowMs));
    }
  }

  earliest(): number | undefined {
    return this.order.earliest();
  }

  /** The earliest instant at which many ticks are due. */
  earliestOfMany(): number | undefined {
    return this.order.earliestOfMany();
  }

  /** How many ticks are due at each instant from `first` to `last`. */
  sizesOf(first: number, last: number): readonly InstantSize[] {
    return this.order.within(first, last).map((tick) => ({ tick, ticks: this.order.sizeAt(tick) }));
  }

  /** Takes out every tick due from `first` to `last`, and arms the next one of each task. In the order in which they are to start. */
  takeAll(first: number, last: number, nowMs: number): readonly DueTick[] {
    const dues = this.order.within(first, last).flatMap((tick) => this.take(tick, nowMs));
    return dues.sort((one, other) => one.tick - other.tick || one.maxLatenessMs - other.maxLatenessMs);
  }

  /** Takes out every tick due at `tick` and arms its task's next one. */
  take(tick: number, nowMs: number): readonly DueTick[] {
    const dues: DueTick[] = [];
    for (const page of this.order.at(tick)) {
      page.position = tick;
      const successor = this.nextOf(page, tick, nowMs);
      dues.push({ task: page.task, tick, maxLatenessMs: latenessLimit(page.task, tick, successor) });
      const isFarBack = successor !== undefined && successor < nowMs - MISSED_SPAN_MS;
      this.arm(page, isFarBack ? this.nextOf(page, nowMs - MISSED_SPAN_MS, nowMs) : successor);
    }
    return dues;
  }

  private arm(page: Page, nextTick: number | undefined): void {
    if (page.nextTick !== undefined) this.order.delete(page.nextTick, page);
    page.nextTick = nextTick;
    if (nextTick !== undefined) this.order.add(nextTick, page);
  }

  private nextOf(page: Page, afterMs: number, nowMs: number): number | undefined {
    page.askedMs = afterMs;
    try {
      const next = page.task.schedule.nextAfter(afterMs);
      this.broken.delete(page.task.name);
      return next;
    } catch (error) {
      this.broken.set(page.task.name, nowMs);
      this.onBroken(error, page.task.name);
      return undefined;
    }
  }

  tickEnded(report: TickReport): void {
    const page = this.pages.get(report.task);
    if (page === undefined) return;
    page.lastReport = report;
    if (!hasRun(report.outcome)) return;
    page.lastRun = { tick: report.tick, outcome: report.outcome };
  }

  /** @param labels of this instance @param counts of its audit @param runs of the task, in flight */
  statusOf(
    name: string,
    labels: readonly string[],
    counts: AuditCounts,
    runs: readonly RunInFlight[],
  ): TaskStatus | undefined {
    const page = this.pages.get(name);
    if (page === undefined) return undefined;
    const { task, nextTick, lastReport, lastRun } = page;
    const eligible = isEligible(task.placement, labels);
    const schedule = task.schedule.description;
    return { name, schedule, eligible, nextTick, lastReport, lastRun, running: runs.length, runs, ...counts };
  }
}
