/**
 * Ticks that came due while no instance was there. The ledger remembers the newest tick of every task, and the schedule says
 * what should have followed: the first instance that starts again counts it.
 */

import { whatFollows } from './audit-reason.js';
import type { AuditParts, Found, TaskLookup } from './audit-source.js';
import { latenessLimit } from './lateness.js';
import { AFTER_LIMIT_MS } from './missed-ticks.js';
import { tickOfInstant } from './next-start.js';
import type { ScheduledTask } from './tick-context.js';

/** Ticks of a task that are counted at most. */
export const MOST_MISSED_COUNTED = 1_000;

/** By then instances that start together know of each other, and what is paused is known, ms. */
const DECIDE_AFTER_MS = 4_000;

export class MissedWhileDown {
  private newest = new Map<string, number>();
  private beganMs = 0;
  private decideAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {}

  /** Asks for the newest ticks now, before anybody claims another one. */
  async begin(): Promise<void> {
    const { beat, clusterClock } = this.parts;
    this.beganMs = clusterClock.nowMs();
    const tasks = this.lookup.tasks();
    if (tasks.length === 0) return;
    const peeks = await beat(tasks.map((task) => ({ task, tick: this.beganMs, maxLatenessMs: 0 })));
    tasks.forEach(({ name }, index) => {
      const { newest = 0, isFloor } = peeks[index] ?? {};
      // A task that the ledger does not know has missed nothing, and one that it has forgotten nothing that can be counted.
      if (newest > 0 && !isFloor) this.newest.set(name, newest);
    });
    if (this.newest.size > 0) this.decideAtMs = this.beganMs + DECIDE_AFTER_MS;
  }

  get nextMs(): number {
    return this.decideAtMs;
  }

  look(): void {
    if (this.parts.clusterClock.nowMs() < this.decideAtMs) return;
    this.decideAtMs = Number.POSITIVE_INFINITY;
    const downUntilMs = this.downUntilMs();
    for (const task of this.lookup.tasks()) {
      const newest = this.newest.get(task.name);
      if (newest !== undefined && downUntilMs !== undefined) this.count(task, newest, downUntilMs);
    }
    this.newest = new Map();
  }

  /** When the first of those that are there has come, cluster time; undefined when one of them may have been there before. */
  private downUntilMs(): number | undefined {
    const { instanceId, members, directory } = this.parts;
    let downUntilMs: number | undefined = this.beganMs;
    for (const member of members()) {
      if (member === instanceId) continue;
      const sinceMs = directory?.sinceMsOf(member);
      if (sinceMs === undefined) return undefined;
      downUntilMs = Math.min(downUntilMs, sinceMs);
    }
    return downUntilMs;
  }

  private count(task: ScheduledTask, newest: number, downUntilMs: number): void {
    const { schedule, name } = task;
    // The schedule was another one when this was claimed.
    if (tickOfInstant(schedule, newest) === undefined) return;
    let ticks = 0;
    let last = 0;
    for (let tick = schedule.nextAfter(newest); tick !== undefined && ticks < MOST_MISSED_COUNTED; ) {
      const successor = schedule.nextAfter(tick);
      if (tick + latenessLimit(task, tick, successor) + AFTER_LIMIT_MS >= downUntilMs) break;
      ticks += 1;
      last = tick;
      tick = successor;
    }
    if (ticks === 0) return;
    const atLeast = ticks === MOST_MISSED_COUNTED ? 'at least ' : '';
    const detail = `no instance was there, and ${atLeast}${ticks} of its ticks passed${whatFollows(task)}`;
    this.found({
      task: name,
      tick: last,
      ticks,
      outcome: 'missed',
      cause: 'while_down',
      detail,
      certain: true,
    });
  }
}
