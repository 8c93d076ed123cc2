/**
 * The audit of one instance: every tick that was due here is looked after until somebody is known to have claimed it. Its
 * own contest tells in nearly every case; what is left is asked of the ledger, in one beat, after the lateness limit, when
 * nobody can claim it any more. So a task that has stopped silently is heard of, and a healthy one costs nothing.
 */

import type { AuditCounts, AuditFinding } from './audit-finding.js';
import { type AuditVerdict, judgeTick } from './audit-reason.js';
import { AuditTeller } from './audit-teller.js';
import type { ClusterClock } from './cluster-clock.js';
import type { DueTick } from './due-tick.js';
import type { ScheduleEvent } from './observer.js';
import { hasRun, type TickReport } from './outcome.js';
import type { PeekVerdict } from './ports.js';
import { eligibleAmong, isEligible, type LabelsOf } from './ranking.js';

export interface AuditParts {
  readonly instanceId: string;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly members: () => readonly string[];
  readonly labelsOf?: LabelsOf;
  /** The instance's beat, which asks about ticks in the same message. */
  readonly beat: (peeks: readonly DueTick[]) => Promise<readonly PeekVerdict[]>;
}

/** The ledger is asked so long after the limit, ms: claims are on their way, and clocks of instances differ a little. */
const AFTER_LIMIT_MS = 150;

/** Without an answer it is asked again after this, ms, for at most so long; and for a share of the lateness limit. */
const ASK_AGAIN_MS = 300;
const LONGEST_ASKING_MS = 3_000;
const ASKING_SHARE = 1.5;

/** A first look that comes so much too late, ms, is that of an instance that slept: it asks on for longer, and guesses nothing. */
const SLEPT_MS = 500;
const ASKING_AFTER_SLEEP_MS = 60_000;
const ASK_AGAIN_AFTER_SLEEP_MS = 1_000;

/** Ticks under watch at most. The oldest go first: each instance of the cluster watches them. */
const MOST_WATCHED = 20_000;

interface Watched {
  readonly due: DueTick;
  report: TickReport | undefined;
  /** Cluster time; infinite while the answer is on its way. */
  lookAtMs: number;
  /** Undefined before the first look. */
  giveUpAtMs: number | undefined;
  slept: boolean;
}

export class TickAudit {
  private readonly watched = new Map<string, Watched>();
  private readonly teller: AuditTeller;
  private readonly byTask = new Map<string, AuditCounts>();
  private total: AuditCounts = { missed: 0, lost: 0 };

  constructor(
    private readonly parts: AuditParts,
    tell: (finding: AuditFinding) => void,
  ) {
    this.teller = new AuditTeller(parts, tell);
  }

  /** Ticks whose contest begins now. */
  watch(dues: readonly DueTick[]): void {
    for (const due of dues) {
      this.watched.set(keyOf(due.task.name, due.tick), {
        due,
        report: undefined,
        lookAtMs: due.tick + due.maxLatenessMs + AFTER_LIMIT_MS,
        giveUpAtMs: undefined,
        slept: false,
      });
    }
    for (const key of this.watched.keys()) {
      if (this.watched.size <= MOST_WATCHED) return;
      this.watched.delete(key);
    }
  }

  /** Takes in what happens on this instance. */
  observe(event: ScheduleEvent): void {
    if (event.type === 'started') this.watched.delete(keyOf(event.task, event.tick));
    else if (event.type === 'tick') this.ended(event.report);
  }

  /** The task is not this instance's any more, or is paused: nobody waits for its ticks. */
  forget(task: string): void {
    this.byTask.delete(task);
    for (const [key, { due }] of this.watched) if (due.task.name === task) this.watched.delete(key);
    this.teller.forget(task);
  }

  /** When there is something to look at, cluster time. */
  get nextMs(): number {
    let nextMs = this.teller.nextMs;
    for (const { lookAtMs } of this.watched.values()) nextMs = Math.min(nextMs, lookAtMs);
    return nextMs;
  }

  /** Looks at what is due. Never rejects. */
  async look(): Promise<void> {
    const nowMs = this.parts.clusterClock.nowMs();
    this.teller.review(nowMs);
    const due = [...this.watched.values()].filter(({ lookAtMs }) => lookAtMs <= nowMs);
    const open = due.filter((watched) => this.isOpenWithoutAsking(watched, nowMs));
    if (open.length === 0) return;
    for (const watched of open) watched.lookAtMs = Number.POSITIVE_INFINITY;
    const peeks = await this.parts.beat(open.map((watched) => watched.due));
    open.forEach((watched, index) => {
      // It may have ended, or been forgotten, while the question was on its way.
      if (this.watched.get(keyOf(watched.due.task.name, watched.due.tick)) === watched)
        this.settle(watched, peeks[index]);
    });
  }

  /** Adds what was found in another way, such as ticks that were missed while no instance was there. */
  found(finding: Omit<AuditFinding, 'instanceId'>): void {
    this.byTask.set(finding.task, add(this.countsOf(finding.task), finding));
    this.total = add(this.total, finding);
    this.teller.take({ ...finding, instanceId: this.parts.instanceId }, this.parts.clusterClock.nowMs());
  }

  countsOf(task: string): AuditCounts {
    return this.byTask.get(task) ?? { missed: 0, lost: 0 };
  }

  /** Of all tasks, also of those that were forgotten meanwhile. */
  get counts(): AuditCounts {
    return this.total;
  }

  private ended(report: TickReport): void {
    const key = keyOf(report.task, report.tick);
    const watched = this.watched.get(key);
    if (hasRun(report.outcome) || report.outcome === 'taken') this.watched.delete(key);
    else if (watched !== undefined) watched.report = report;
  }

  private isOpenWithoutAsking(watched: Watched, nowMs: number): boolean {
    if (watched.giveUpAtMs === undefined) {
      watched.slept = nowMs - watched.lookAtMs > SLEPT_MS || watched.report?.outcome === 'misfire';
      const askingMs = Math.min(watched.due.maxLatenessMs * ASKING_SHARE, LONGEST_ASKING_MS);
      watched.giveUpAtMs = nowMs + (watched.slept ? ASKING_AFTER_SLEEP_MS : askingMs);
    }
    if (this.judge(watched, undefined).kind !== 'fine') return true;
    this.watched.delete(keyOf(watched.due.task.name, watched.due.tick));
    return false;
  }

  private settle(watched: Watched, peek: PeekVerdict | undefined): void {
    const nowMs = this.parts.clusterClock.nowMs();
    const verdict = this.judge(watched, peek);
    if (verdict.kind === 'unsure' && nowMs < (watched.giveUpAtMs ?? 0)) {
      const pauseMs = watched.slept ? ASK_AGAIN_AFTER_SLEEP_MS : ASK_AGAIN_MS;
      watched.lookAtMs = Math.min(nowMs + pauseMs, watched.giveUpAtMs ?? nowMs);
      return;
    }
    const { due, slept } = watched;
    this.watched.delete(keyOf(due.task.name, due.tick));
    if (verdict.kind === 'fine') return;
    // Whoever slept while the tick was due has not seen that nobody else was awake.
    if (slept && verdict.kind === 'unsure') return;
    this.found({ task: due.task.name, tick: due.tick, ticks: 1, outcome: 'missed', ...verdict.finding });
  }

  private judge({ due, report }: Watched, peek: PeekVerdict | undefined): AuditVerdict {
    const { instanceId, labelsOf = () => [] } = this.parts;
    const members = this.parts.members();
    const { placement } = due.task;
    const own = isEligible(placement, labelsOf(instanceId)) ? 1 : 0;
    const eligible = Math.max(own, eligibleAmong(members, placement, labelsOf).length);
    return judgeTick({ due, report, peek, instanceId, isAlive: (id) => members.includes(id), eligible });
  }
}

function add(counts: AuditCounts, { outcome, ticks }: Pick<AuditFinding, 'outcome' | 'ticks'>): AuditCounts {
  return { ...counts, [outcome]: counts[outcome] + ticks };
}

function keyOf(task: string, tick: number): string {
  return `${tick} ${task}`;
}
