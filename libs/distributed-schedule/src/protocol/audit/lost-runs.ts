/**
 * Runs whose instance has died. An instance that was told that a tick is taken remembers by whom; when that one is gone, and
 * neither the board nor the ledger says that the run has ended, it may be lost. Nobody can know better: what died with an
 * instance can no longer be asked.
 */

import { NOTICE_TTL_MS } from '../board/instance-notices.js';
import { MEMBER_TTL_MS } from '../constants.js';
import { BEAT_PERIOD_MS } from '../heartbeat.js';
import type { ScheduleEvent } from '../observer.js';
import type { PeekVerdict } from '../ports.js';
import { closingInstant } from '../task-policies.js';
import type { AuditParts, AuditSource, Found, TaskLookup } from './audit-source.js';

const LOOK_PERIOD_MS = 1_000;

/** An instance whose next tick somebody else has claimed may have died; by then its death would show, ms. */
const SUSPECT_FOR_MS = MEMBER_TTL_MS + 2 * BEAT_PERIOD_MS;

/**
 * While the nodes are away, or this instance stands still, nobody can be heard: what everybody says of himself expires, and that of the living
 * is back so long after, ms.
 */
const HEARD_AGAIN_WITHIN_MS = NOTICE_TTL_MS;

/** Nothing was looked at for so long, ms: this instance stood still. */
const STOOD_STILL_MS = 5 * LOOK_PERIOD_MS;

const MOST_SUSPECTS = 2_000;

/** A tick that another instance has claimed. */
interface TheirClaim {
  readonly task: string;
  readonly tick: number;
  readonly by: string;
  /** Until when it is remembered as long as its instance is a member, cluster time: infinite for the newest of a task. */
  readonly untilMs: number;
}

export class LostRuns implements AuditSource {
  /** The newest claim of others by task. */
  private readonly newest = new Map<string, TheirClaim>();
  private suspects: readonly TheirClaim[] = [];
  private lookAtMs = Number.NEGATIVE_INFINITY;
  private isAsking = false;
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private deafUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {}

  observe(event: ScheduleEvent): void {
    const { instanceId } = this.parts;
    if (event.type === 'started') this.overtake(event.task, event.tick, instanceId);
    if (event.type !== 'tick' || event.report.outcome !== 'taken') return;
    const { task, tick, by } = event.report;
    if (by === undefined) return;
    this.overtake(task, tick, by);
    if (by === instanceId) return;
    if (tick > (this.newest.get(task)?.tick ?? 0))
      this.newest.set(task, { task, tick, by, untilMs: Number.POSITIVE_INFINITY });
  }

  get nextMs(): number {
    return this.newest.size + this.suspects.length === 0 || this.isAsking
      ? Number.POSITIVE_INFINITY
      : this.lookAtMs;
  }

  async look(): Promise<boolean> {
    const nowMs = this.parts.clusterClock.nowMs();
    if (nowMs < this.nextMs) return false;
    this.lookAtMs = nowMs + LOOK_PERIOD_MS;
    this.listen(nowMs);
    const dead = this.takeOutDead(nowMs);
    if (dead.length === 0) return false;
    const questions = dead.flatMap(({ task: name, tick }) => {
      const task = this.lookup.taskOf(name);
      return task === undefined ? [] : [{ task, tick, maxLatenessMs: 0 }];
    });
    this.isAsking = true;
    const peeks = await this.parts.beat(questions);
    this.isAsking = false;
    questions.forEach(({ task, tick }, index) => {
      const claim = dead.find((one) => one.task === task.name && one.tick === tick);
      if (claim !== undefined && !this.hasGoneOn(claim, peeks[index])) this.tell(claim);
    });
    return true;
  }

  /** A later tick is claimed: the one before has ended, unless its instance is dead and nobody knows it yet. */
  private overtake(task: string, tick: number, by: string): void {
    const before = this.newest.get(task);
    if (before === undefined || before.tick >= tick) return;
    this.newest.delete(task);
    if (before.by === by) return;
    const untilMs = this.parts.clusterClock.nowMs() + SUSPECT_FOR_MS;
    this.suspects = [...this.suspects.slice(1 - MOST_SUSPECTS), { ...before, untilMs }];
  }

  private listen(nowMs: number): void {
    const stoodStill = nowMs - this.lookedAtMs > STOOD_STILL_MS;
    if (stoodStill || !this.parts.hasQuorum()) this.deafUntilMs = nowMs + HEARD_AGAIN_WITHIN_MS;
    this.lookedAtMs = nowMs;
  }

  /** Those whose instance is gone, and which are not known to have ended. Drops what no longer has to be watched. */
  private takeOutDead(nowMs: number): readonly TheirClaim[] {
    const dead: TheirClaim[] = [];
    const isKept = (claim: TheirClaim): boolean => {
      const whereabouts = this.whereabouts(claim.by);
      if (whereabouts === 'member') return nowMs < claim.untilMs;
      // Left as a member, and may still end its runs; or stands still.
      if (whereabouts === 'here') return true;
      const { directory } = this.parts;
      if (whereabouts === 'gone' && nowMs < this.deafUntilMs) return true;
      if (whereabouts === 'gone' && directory?.hasEnded(claim.task, claim.tick, claim.by) !== true)
        dead.push(claim);
      return false;
    };
    this.suspects = this.suspects.filter(isKept);
    for (const [task, claim] of this.newest) {
      if (this.lookup.taskOf(task) === undefined || !isKept(claim)) this.newest.delete(task);
    }
    return dead;
  }

  private whereabouts(instanceId: string): 'member' | 'here' | 'left' | 'gone' | undefined {
    if (this.parts.members().includes(instanceId)) return 'member';
    return this.parts.directory?.whereabouts(instanceId);
  }

  /** Its end stands in the ledger, or somebody makes another attempt. */
  private hasGoneOn({ task, tick }: TheirClaim, peek: PeekVerdict | undefined): boolean {
    const newest = peek?.isFloor ? 0 : (peek?.newest ?? 0);
    const isRetaken = this.lookup.taskOf(task)?.policies?.recovery === 'retake';
    return newest > tick && (newest <= closingInstant(tick) || isRetaken);
  }

  private tell({ task, tick, by }: TheirClaim): void {
    this.found({
      task,
      tick,
      ticks: 1,
      outcome: 'lost',
      cause: 'died',
      detail: `claimed by ${by}, which has died since, and nobody has heard that its run had ended`,
      certain: false,
    });
  }
}
