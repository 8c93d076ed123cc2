/** What it means that a tick is open after its lateness limit. Pure. */

import type { ClaimFate } from '../bid/own-claims.js';
import type { AuditFinding } from '../contract/audit-finding.js';
import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { TickReport } from '../contract/outcome.js';

import { DEFAULT_POLICIES } from '../contract/task-policies.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { setBackWords } from '../ledger/clock-set-back.js';

export interface AuditQuestion {
  readonly due: DueTick;
  /** How the tick ended on this instance. Absent where it has not yet, or where this instance may not run the task. */
  readonly report: TickReport | undefined;
  /** What the ledger says now. Absent when nothing was asked or answered. */
  readonly peek: PeekAnswer | undefined;
  /** No majority answered when the ledger was asked about this tick before. */
  readonly hadNoAnswer: boolean;
  /** What has become of the claim that has the tick, where it is this instance's own. */
  readonly ownFate: ClaimFate | undefined;
  readonly instanceId: string;
  readonly isAlive: (instanceId: string) => boolean;
  /** Whether this instance may run the task, and so takes part in its contests. */
  readonly mayRun: boolean;
  /** How many live instances may run the task. Seldom asked, and counting them takes long where there are many. */
  readonly eligible: () => number;
}

export type AuditVerdict =
  /** Somebody has claimed it, or a policy of the task wants it not to run. */
  | { readonly kind: 'fine' }
  /** It stands in line behind a run of somebody who lives. */
  | { readonly kind: 'waits' }
  /** Not known yet: `finding` is what is said if it never will be. */
  | { readonly kind: 'unsure'; readonly finding: Miss }
  | { readonly kind: 'missed'; readonly finding: Miss };

type Miss = Pick<AuditFinding, 'cause' | 'detail' | 'certain'>;

const FINE: AuditVerdict = { kind: 'fine' };
const WAITS: AuditVerdict = { kind: 'waits' };
const NO_MAJORITY = 'no majority of nodes answered this instance';

export function judgeTick(question: AuditQuestion): AuditVerdict {
  const { due, peek } = question;
  if (isByPolicy(question) || isForOthers(question)) return FINE;
  if (isBehindRunElsewhere(question)) {
    const holderLives = question.isAlive(question.report?.by ?? '');
    if (peek?.kind !== 'taken' && holderLives) return WAITS;
    // Somebody else's claims have passed it, and who might have started it before that is gone.
    if (peek?.kind === 'taken' && peek.claimId === undefined && !holderLives)
      return { kind: 'missed', finding: { ...causeOf(question), certain: false } };
  }
  switch (peek?.kind) {
    case 'taken':
      return judgeTaken(question, peek);
    case 'open':
      // Certain only if no answering node may have granted it, node clocks show it is too late, and our own contest has ended.
      return peek.past.possiblyGrantedUpTo >= due.tick || isClaimable(due, peek) || awaitsReport(question)
        ? { kind: 'unsure', finding: { ...causeOf(question), certain: false } }
        : { kind: 'missed', finding: { ...causeOf(question), certain: !mayYetStart(due.task) } };
    case 'unknown':
    case undefined:
      return { kind: 'unsure', finding: { cause: 'no_majority', detail: NO_MAJORITY, certain: false } };
    default:
      return peek satisfies never;
  }
}

/** Node clocks may lag behind cluster time: until they show it is late, somebody may still claim the tick. */
function isClaimable({ tick, maxLatenessMs }: DueTick, { past }: PeekAnswer): boolean {
  return past.nodeTimeMs <= tick + maxLatenessMs;
}

function judgeTaken(
  question: AuditQuestion,
  { claimId, setBackMs }: Extract<PeekAnswer, { kind: 'taken' }>,
): AuditVerdict {
  const { ownFate, hadNoAnswer } = question;
  // Our surrendered claim blocks the tick, and only we know. If nodes moved past, somebody may have had it.
  if (ownFate === 'surrendered') {
    // Others take up what was claimed and not run.
    const isRetaken = question.due.task.policies?.recovery === 'retake';
    const isFinal = claimId !== undefined && !awaitsReport(question) && !isRetaken;
    const finding = { ...causeOf(question), certain: isFinal };
    return { kind: awaitsReport(question) ? 'unsure' : 'missed', finding };
  }
  // The clock was set back: the tick came twice by node clocks, and may have run the first time.
  if (ownFate === undefined && claimId === undefined && setBackMs !== undefined)
    return {
      kind: awaitsReport(question) ? 'unsure' : 'missed',
      finding: { cause: 'clock_set_back', detail: setBackWords(setBackMs), certain: false },
    };
  // A later tick was claimed first. While this one could be, this instance found no majority, and perhaps nobody did.
  if (claimId === undefined && hadNoAnswer)
    return {
      kind: awaitsReport(question) ? 'unsure' : 'missed',
      finding: { cause: 'no_majority', detail: NO_MAJORITY, certain: false },
    };
  return FINE;
}

/** The tick may still start late: it waits behind a run elsewhere, or its misfire policy makes up for it. */
export function mayYetStart({ policies = DEFAULT_POLICIES }: ScheduledTask): boolean {
  const { overlap, misfire } = policies;
  return overlap === 'buffer_one' || overlap === 'cancel_other' || misfire !== 'skip';
}

/** An instance outside the contests does not know which ticks came during a run; the others tell. */
function isForOthers({ mayRun, eligible }: AuditQuestion): boolean {
  return !mayRun && eligible() > 0;
}

function awaitsReport({ mayRun, report }: AuditQuestion): boolean {
  return mayRun && report === undefined;
}

/** A run of the task went on, and its holder lives: the overlap policy has decided, and nothing is wrong. */
function isByPolicy({ report, isAlive, instanceId }: AuditQuestion): boolean {
  if (report?.outcome === 'buffered') return report.by === undefined || report.by === instanceId;
  return report?.outcome === 'overlap' && (report.by === undefined || isAlive(report.by));
}

/** Only the instance of that run may start it, and takes it along when it dies. */
function isBehindRunElsewhere({ report, instanceId }: AuditQuestion): boolean {
  return report?.outcome === 'buffered' && report.by !== undefined && report.by !== instanceId;
}

function causeOf({ due, report, eligible }: AuditQuestion): Pick<Miss, 'cause' | 'detail'> {
  if (eligible() === 0) {
    const labels = due.task.placement?.runOn.join(', ') ?? '';
    return { cause: 'not_eligible', detail: `no live instance has the labels ${labels}` };
  }
  switch (report?.outcome) {
    case 'overlap':
      return {
        cause: 'dead_holder',
        // One that shuts down has left the members too, and keeps its locks until its runs have ended.
        detail: `every bid met the lock of ${report.by ?? 'an instance'}, which holds it while it shuts down, or has died`,
      };
    case 'buffered':
      return {
        cause: 'dead_holder',
        detail: `it waited for the end of a run of ${report.by ?? 'an instance'}, which shuts down, or has died`,
      };
    case 'misfire':
      return { cause: 'too_late', detail: report.detail ?? 'it was noticed too late' };
    case 'clock_set_back':
      return { cause: report.outcome, detail: report.detail ?? 'the clocks of its nodes were set back' };
    case 'no_quorum':
      return { cause: 'no_majority', detail: report.detail ?? 'no bid found a majority' };
    default:
      return { cause: 'unclaimed', detail: 'none of the live instances has claimed it' };
  }
}

/** What the task's misfire policy makes of a tick that was missed, to be said behind the reason. */
export function whatFollows({ policies = DEFAULT_POLICIES }: ScheduledTask): string {
  return policies.misfire === 'skip' ? '' : `; its misfire policy '${policies.misfire}' starts what it can`;
}

/** The policy by which some of the ticks that were missed are made up for; nothing where none are. */
export function lateStarts({ policies = DEFAULT_POLICIES }: ScheduledTask): Pick<AuditFinding, 'misfire'> {
  const { misfire } = policies;
  return misfire === 'skip' ? {} : { misfire };
}
