/** What other instances have claimed, as this one was told, and what the nodes are asked about it when one of them is gone. */

import type { AttemptEnd } from '../contract/attempt-end.js';
import { MEMBER_TTL_MS } from '../contract/constants.js';
import { tickKey } from '../contract/due-tick.js';
import type { ScheduleEvent } from '../contract/observer.js';
import { closingInstant, INSTANTS_PER_TICK, looksBack } from '../contract/task-policies.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { runLockOf } from '../lease/run-lock.js';
import { isClaimOf } from '../ledger/claim-id.js';
import { BEAT_PERIOD_MS } from '../members/beat-tally.js';
import type { AuditParts, TaskLookup } from './audit-source.js';
import type { MergedInquiry } from './run-inquiries.js';

/** A tick that another instance's tick has followed is remembered for this: by then a death of its instance shows. */
const FOLLOWED_FOR_MS = MEMBER_TTL_MS + 3 * BEAT_PERIOD_MS;
const MAX_REMEMBERED = 2_000;

/** What is over is dropped at this number only: looking for it with every claim costs 300 tasks 60 ms in one piece. */
const SWEPT_AT = 2 * MAX_REMEMBERED;

interface TheirClaim {
  readonly task: string;
  readonly tick: number;
  readonly by: string;
}

interface Followed extends TheirClaim {
  /** Cluster time; infinite where runs may overlap, and those of older ticks go on beside it. */
  readonly untilMs: number;
}

/** What the nodes are asked about. */
export interface Question extends TheirClaim {
  readonly line: string;
  readonly lock?: string;
  readonly isMeant: (end: AttemptEnd) => boolean;
  readonly instant: number;
}

export class TheirClaims {
  /** By task. */
  private readonly newest = new Map<string, TheirClaim>();
  private followed: Followed[] = [];

  constructor(
    private readonly parts: Pick<AuditParts, 'instanceId' | 'clusterClock' | 'ledger'>,
    private readonly lookup: TaskLookup,
  ) {}

  observe(event: ScheduleEvent): void {
    if (event.type === 'started') this.follow(event.task, event.tick, this.parts.instanceId);
    if (event.type !== 'tick' || event.report.outcome !== 'taken') return;
    const { task, tick, by } = event.report;
    if (by === undefined || this.lookup.taskOf(task) === undefined) return;
    this.follow(task, tick, by);
    if (by !== this.parts.instanceId && tick > (this.newest.get(task)?.tick ?? 0))
      this.newest.set(task, { task, tick, by });
  }

  drop(task: string): void {
    this.newest.delete(task);
    this.followed = this.followed.filter((one) => one.task !== task);
  }

  get size(): number {
    return this.newest.size + this.followed.length;
  }

  /** Every line that this instance knows, and what it was told that the other one has claimed. */
  questionsAbout(instanceId: string): readonly Question[] {
    const lineOf = (task: string): string | undefined => this.parts.ledger?.lineOf(task);
    const lines = this.lookup.tasks().flatMap(({ name }): Question[] => {
      const line = lineOf(name);
      const nothing = { tick: 0, instant: 0, isMeant: () => false };
      return line === undefined ? [] : [{ task: name, by: instanceId, line, ...nothing }];
    });
    const nowMs = this.parts.clusterClock.nowMs();
    const followed = this.followed.filter(({ untilMs }) => untilMs > nowMs);
    const told = [...this.newest.values(), ...followed].filter(({ by }) => by === instanceId);
    return [
      ...lines,
      ...told.flatMap((claim): Question[] => {
        const [task, line] = [this.lookup.taskOf(claim.task), lineOf(claim.task)];
        if (task === undefined || line === undefined) return [];
        const { tick } = claim;
        const isMeant = ({ instant, claimId }: AttemptEnd): boolean =>
          isClaimOf(instanceId, claimId) && instant >= tick && instant <= closingInstant(tick);
        return [{ ...claim, line, lock: runLockOf(task, tick), instant: tick, isMeant }];
      }),
    ];
  }

  /** A later tick is claimed: the one before has ended, unless its instance is dead, or its task lets runs overlap. */
  private follow(task: string, tick: number, by: string): void {
    const before = this.newest.get(task);
    if (before === undefined || before.tick >= tick) return;
    this.newest.delete(task);
    const mayOverlap = this.lookup.taskOf(task)?.policies?.overlap === 'allow';
    if (before.by === by && !mayOverlap) return;
    const nowMs = this.parts.clusterClock.nowMs();
    const untilMs = mayOverlap ? Number.POSITIVE_INFINITY : nowMs + FOLLOWED_FOR_MS;
    this.followed.push({ ...before, untilMs });
    if (this.followed.length >= SWEPT_AT)
      this.followed = this.followed.filter((one) => one.untilMs > nowMs).slice(-MAX_REMEMBERED);
  }
}

/** The newest claim of a line, where it is the missing instance's and its tick has not ended for good. */
export function newestAsQuestion(
  task: ScheduledTask,
  { by, line }: Question,
  { newest }: MergedInquiry,
): Question | undefined {
  if (newest === undefined || !isClaimOf(by, newest.claimId)) return undefined;
  const { instant, claimId } = newest;
  const tick = tickOf(task, instant);
  const isMeant = (end: AttemptEnd): boolean => end.claimId === claimId;
  return { task: task.name, tick, by, line, lock: runLockOf(task, tick), instant, isMeant };
}

/** Its end stands in the ledger, somebody makes another attempt, or its instance has begun something else since. */
export function hasGoneOn(
  { policies }: ScheduledTask,
  { tick, by, instant }: Question,
  newest: MergedInquiry['newest'],
): boolean {
  if (newest === undefined || newest.instant <= instant) return newest?.instant === closingInstant(tick);
  if (policies?.overlap !== 'allow' && isClaimOf(by, newest.claimId)) return true;
  const isSameTick = newest.instant <= closingInstant(tick);
  return isSameTick && (policies?.recovery === 'retake' || newest.instant === closingInstant(tick));
}

/** Of an instant: further attempts are claimed right after the tick. */
function tickOf({ schedule, policies }: ScheduledTask, instant: number): number {
  if (policies === undefined || (!looksBack(policies) && policies.retry === undefined)) return instant;
  try {
    const due = schedule.nextAfter(instant - INSTANTS_PER_TICK);
    return due !== undefined && due <= instant ? due : instant;
  } catch {
    // Told where it is armed. Here it must not hide the lost runs of other tasks.
    return instant;
  }
}

/** A claim that is known in both ways is asked about once. */
export function distinct(questions: readonly Question[]): readonly Question[] {
  const seen = new Set<string>();
  return questions.filter((one) => !seen.has(tickKey(one)) && seen.add(tickKey(one)));
}
