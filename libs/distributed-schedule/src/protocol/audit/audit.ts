/**
 * Finds missed, lost and stuck work, counts it, and tells it on its turn.
 * Every instance audits every task; missed ticks of tasks it may not run only while nobody lives that may.
 */

import type { AuditCounts, AuditFinding } from '../contract/audit-finding.js';
import type { DueTick } from '../contract/due-tick.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { AuditParts, Found, TaskLookup } from './audit-source.js';
import { AuditTeller } from './audit-teller.js';
import { AuditTurns } from './audit-turns.js';
import { LostRuns } from './lost-runs.js';
import { MissedTicks } from './missed-ticks.js';
import { MissedWhileDown } from './missed-while-down.js';
import { StuckRuns } from './stuck-runs.js';

const NOTHING: AuditCounts = { missed: 0, lost: 0, stuck: 0 };

export class Audit {
  private readonly missed: MissedTicks;
  private readonly lost: LostRuns;
  private readonly whileDown: MissedWhileDown;
  private readonly stuck: StuckRuns;
  private readonly teller: AuditTeller;
  private readonly byTask = new Map<string, AuditCounts>();
  private total = NOTHING;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    tell: (finding: AuditFinding) => void,
  ) {
    const found: Found = (finding, recheck) => this.found(finding, recheck);
    const turns = new AuditTurns(parts, lookup);
    this.missed = new MissedTicks(parts, lookup, found, turns);
    this.lost = new LostRuns(parts, lookup, found);
    this.whileDown = new MissedWhileDown(parts, lookup, found);
    this.stuck = new StuckRuns(parts, lookup, (finding, isFirst) => {
      if (isFirst) this.count(finding);
      // Only the instance on which it runs knows of it.
      tell(finding);
    });
    this.teller = new AuditTeller(parts, turns, tell, (finding) => this.count(finding, -1));
  }

  /** To be called once, when cluster time is known. */
  /** @param ownFromMs ticks after this are due here, whether or not a majority answered; cluster time */
  async start(ownFromMs: number): Promise<void> {
    this.missed.start();
    await this.whileDown.start(ownFromMs);
  }

  watch(dues: readonly DueTick[]): void {
    this.missed.watch(dues);
  }

  observe(event: ScheduleEvent): void {
    this.missed.observe(event);
    this.lost.observe(event);
    this.whileDown.observe(event);
    if (event.type === 'started') this.stuck.started(event.task);
  }

  /** When there is something to look at, cluster time; infinite for nothing. */
  get nextMs(): number {
    return Math.min(
      ...[this.missed.nextMs, this.lost.nextMs, this.whileDown.nextMs],
      ...[this.teller.nextMs, this.stuck.nextMs],
    );
  }

  /** Looks at what is due. Resolves with whether the ledger was asked. */
  async look(): Promise<boolean> {
    this.whileDown.look();
    this.stuck.look();
    const reviewed = this.teller.review(this.parts.clusterClock.nowMs());
    const asked = await Promise.all([reviewed, this.missed.look(), this.lost.look()]);
    return asked.includes(true);
  }

  /** What was found about a task since this instance started. */
  countsOf(task: string): AuditCounts {
    return this.byTask.get(task) ?? NOTHING;
  }

  /** Of all tasks, also of those that are gone. */
  get counts(): AuditCounts {
    return this.total;
  }

  /** The task was taken away. */
  drop(task: string): void {
    this.byTask.delete(task);
    this.lost.drop(task);
  }

  private found(...[finding, recheck]: Parameters<Found>): void {
    this.count(finding);
    const own = { ...finding, instanceId: this.parts.instanceId };
    this.teller.take(own, this.parts.clusterClock.nowMs(), recheck);
  }

  private count({ task, outcome, ticks }: Pick<AuditFinding, 'task' | 'outcome' | 'ticks'>, times = 1): void {
    const counted = { outcome, ticks: ticks * times };
    // Of a task that is gone, as when the run of one that was removed is lost, nobody asks.
    if (this.lookup.taskOf(task) !== undefined) this.byTask.set(task, plus(this.countsOf(task), counted));
    this.total = plus(this.total, counted);
  }
}

function plus(counts: AuditCounts, { outcome, ticks }: Pick<AuditFinding, 'outcome' | 'ticks'>): AuditCounts {
  return { ...counts, [outcome]: Math.max(0, counts[outcome] + ticks) };
}
