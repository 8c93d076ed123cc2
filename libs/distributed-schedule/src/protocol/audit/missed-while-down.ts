/** Ticks that came due while no instance was there: the first one that starts counts them, by ledger and schedule. */

import type { ScheduleEvent } from '../contract/observer.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { contendersFor } from '../members/ranking.js';
import { latenessLimit } from '../policies/lateness.js';
import { lateStarts, mayYetStart, whatFollows } from './audit-reason.js';
import type { AuditParts, Found, TaskLookup } from './audit-source.js';
import { type Since, sinceOf } from './down-since.js';
import { AFTER_LIMIT_MS } from './watched-tick.js';

/** Ticks of a task that are counted at most. */
export const MAX_MISSED_COUNTED = 1_000;

/** After this, instances that start together know of each other, and what is paused is known. */
const DECIDE_AFTER_MS = 4_000;

/** A slice of deciding and counting: were it longer, the bids of other tasks would be late. The rest waits for the next look. */
const SLICE_MS = 5;
const PAUSE_MS = 1;

/** Tasks that one message asks about: what a thousand answers make is computed in one piece. */
const ASKED_AT_ONCE = 50;

/** The ticks of one task, as far as they are counted. */
interface Count {
  readonly task: string;
  readonly since: Since;
  readonly downUntilMs: number;
  ticks: number;
  last: number;
  /** Ticks up to here are counted, or were started. */
  lookedAtMs: number;
}

export class MissedWhileDown {
  private readonly since = new Map<string, Since>();
  /** By task that is still to be counted: ticks that this instance has started meanwhile, as those that are made up for. */
  private readonly started = new Map<string, Set<number>>();
  /** What is still to be counted, in the order of tasks from the end. */
  private counts: Count[] = [];
  private beganMs = 0;
  private ownFromMs = 0;
  private decideAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {}

  /**
   * Asks for the newest ticks now, before anybody claims another one.
   *
   * @param ownFromMs ticks after this are due here, and are no business of this count; cluster time
   */
  async start(ownFromMs: number): Promise<void> {
    const { clock, clusterClock, ledger, stopped } = this.parts;
    this.beganMs = clusterClock.nowMs();
    this.ownFromMs = ownFromMs;
    // A task that runs once is no more due when it has run, and is taken up late when it has not: neither is missed.
    const tasks = this.lookup.tasks().filter(({ name }) => ledger?.runsOnce(name) !== true);
    const asking: Promise<void>[] = [];
    for (let first = 0; first < tasks.length; first += ASKED_AT_ONCE) {
      // Without waiting for the answers: a node that is silent must not keep the others from being asked in time.
      if (first > 0) await clock.sleepUntil(clock.monotonicMs() + PAUSE_MS, stopped);
      asking.push(this.ask(tasks.slice(first, first + ASKED_AT_ONCE)));
    }
    await Promise.all(asking);
    if (this.since.size > 0) this.decideAtMs = this.beganMs + DECIDE_AFTER_MS;
  }

  private async ask(tasks: readonly ScheduledTask[]): Promise<void> {
    const { beat, electorate } = this.parts;
    const peeks = await beat(tasks.map((task) => ({ task, tick: this.beganMs, maxLatenessMs: 0 })));
    // Another set of nodes may have been in use meanwhile.
    const isDisputed = electorate !== undefined && electorate.status().undisputedForMs === undefined;
    tasks.forEach((task, index) => {
      const since = sinceOf(task, peeks[index]);
      if (since === undefined) return;
      this.since.set(task.name, { ...since, certain: since.certain && !isDisputed });
      this.started.set(task.name, new Set());
    });
  }

  get nextMs(): number {
    return this.decideAtMs;
  }

  observe(event: ScheduleEvent): void {
    if (event.type === 'started') this.started.get(event.task)?.add(event.tick);
  }

  look(): void {
    const { clock, clusterClock } = this.parts;
    const nowMs = clusterClock.nowMs();
    if (nowMs < this.decideAtMs) return;
    // Already now: a schedule that throws ends this look, and the next one goes on with the other tasks.
    this.decideAtMs = nowMs + PAUSE_MS;
    const untilMs = clock.monotonicMs() + SLICE_MS;
    if (!this.decide(untilMs)) return;
    for (let count = this.counts.pop(); count !== undefined; count = this.counts.pop()) {
      if (!this.count(count, untilMs)) this.counts.push(count);
      if (this.counts.length > 0 && clock.monotonicMs() >= untilMs) return;
    }
    this.decideAtMs = Number.POSITIVE_INFINITY;
    this.started.clear();
  }

  /** Whose ticks are to be counted: of all tasks before any are, however long the counting takes. Whether all are decided. */
  private decide(untilMs: number): boolean {
    if (this.since.size === 0) return true;
    for (const [task, since] of this.since) {
      this.since.delete(task);
      const { afterMs } = since;
      const downUntilMs = this.downUntilMs(task);
      if (downUntilMs !== undefined)
        this.counts.push({ task, since, downUntilMs, ticks: 0, last: afterMs, lookedAtMs: afterMs });
      if (this.since.size > 0 && this.parts.clock.monotonicMs() >= untilMs) return false;
    }
    this.counts.reverse();
    return true;
  }

  /** When the first instance that runs the task started, cluster time. Undefined: one may have been there before. */
  private downUntilMs(task: string): number | undefined {
    const { instanceId, directory } = this.parts;
    let downUntilMs = this.ownFromMs;
    for (const member of contendersFor(this.parts, task)) {
      if (member === instanceId) continue;
      const sinceMs = directory?.sinceMsOf(member);
      if (sinceMs === undefined) return undefined;
      downUntilMs = Math.min(downUntilMs, sinceMs);
    }
    return downUntilMs;
  }

  /** Whether the ticks of the task are counted. False: there are more, and it has taken its time. */
  private count(count: Count, untilMs: number): boolean {
    const { downUntilMs } = count;
    const task = this.lookup.taskOf(count.task);
    // Taken away meanwhile.
    if (task === undefined) return true;
    // A new instance takes no tick that was due before it came: each is counted here or nowhere.
    for (;;) {
      const tick = task.schedule.nextAfter(count.lookedAtMs);
      if (tick === undefined || tick > downUntilMs || count.ticks === MAX_MISSED_COUNTED) break;
      count.lookedAtMs = tick;
      if (this.started.get(count.task)?.has(tick) !== true) {
        count.ticks += 1;
        count.last = tick;
      }
      if (this.parts.clock.monotonicMs() >= untilMs) return false;
    }
    if (count.ticks > 0) this.tell(task, count);
    return true;
  }

  private tell(task: ScheduledTask, { since, downUntilMs, ticks, last }: Count): void {
    const { schedule, name } = task;
    // Until then an instance that slept, and that we take for dead, may still start it.
    const overMs = last + latenessLimit(task, last, schedule.nextAfter(last)) + AFTER_LIMIT_MS;
    const atLeast = ticks === MAX_MISSED_COUNTED ? 'at least ' : '';
    const detail = `no instance was there, and ${atLeast}${ticks} of its ticks passed${whatFollows(task)}`;
    this.found({
      task: name,
      tick: last,
      ticks,
      outcome: 'missed',
      cause: 'while_down',
      detail,
      ...lateStarts(task),
      certain: since.certain && !mayYetStart(task) && overMs < Math.min(downUntilMs, since.nodeTimeMs),
    });
  }
}
