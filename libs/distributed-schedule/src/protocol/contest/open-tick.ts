/** A tick whose contest goes on here, and the ways in which it ends without a run. */

import { movedPast } from '../bid/moved-past.js';
import { type OwnClaims, whoseClaim } from '../bid/own-claims.js';
import type { DueTick } from '../contract/due-tick.js';
import type { Outcome, TickReport } from '../contract/outcome.js';
import type { PeekVerdict } from '../contract/ports.js';
import type { TaskPolicies } from '../contract/task-policies.js';
import { tickOfInstant } from '../policies/next-start.js';
import type { ClusterClock } from '../time/cluster-clock.js';

export interface Ending {
  readonly outcome: Outcome;
  readonly detail: string;
  /** The instance that has the tick, or holds its lock. */
  readonly by?: string;
}

/** A tick that has not ended here. `met` is what its newest bid met: how it ends if no later bid succeeds. */
export interface OpenTick {
  readonly due: DueTick;
  readonly met?: Ending & { readonly retryInMs?: number };
  /** The newest instant of the task that a majority had reached at the last look. */
  readonly newest?: number;
}

export interface ReportParts {
  readonly instanceId: string;
  readonly clusterClock: ClusterClock;
  readonly ownClaims: OwnClaims;
  readonly report: (report: TickReport) => void;
}

export const STOPPED: Ending = { outcome: 'stopped', detail: 'this instance does not bid any more' };
export const NO_BID: Ending = { outcome: 'no_quorum', detail: 'no bid was answered' };

/** Ends what is past its limit: as what its bids met, or as a misfire when there was no time for one. */
export function reportOverdue(parts: ReportParts, open: readonly OpenTick[]): readonly OpenTick[] {
  const nowMs = parts.clusterClock.nowMs();
  return open.filter((tick) => {
    const { due } = tick;
    const lateMs = nowMs - due.tick;
    if (lateMs <= due.maxLatenessMs) return true;
    const detail = `noticed ${Math.round(lateMs)} ms late, limit ${due.maxLatenessMs} ms`;
    parts.report(reportOf(parts, due, endingOf(tick) ?? { outcome: 'misfire', detail }));
    return false;
  });
}

/** Ends what somebody else has. What was won here is reported by its run, and what was given up here is for another bid. */
export function reportTaken(
  parts: ReportParts,
  open: readonly OpenTick[],
  peeks: readonly PeekVerdict[],
): readonly OpenTick[] {
  return open.flatMap((tick, index) => {
    const peek = peeks[index];
    const { due } = tick;
    const fate = peek?.kind === 'taken' ? whoseClaim(parts.ownClaims, due, peek.claimId) : undefined;
    if (fate === 'won') return [];
    if (peek?.kind !== 'taken' || fate !== undefined)
      return [peek?.newest === undefined ? tick : { ...tick, newest: peek.newest }];
    parts.report(reportOf(parts, due, movedPast(peek)));
    return [];
  });
}

/** How a tick ends that no bid has won, going by what the last one met. */
export function endingOf({ due, met, newest }: OpenTick): Ending | undefined {
  if (met?.outcome !== 'overlap' || due.task.policies === undefined) return met;
  const ending = { ...met, detail: `${met.detail}${whatHolderMayDo(met, due.task.policies)}` };
  if (due.task.policies.overlap !== 'buffer_one' || newest === undefined) return ending;
  const running = tickOfInstant(due.task.schedule, newest);
  const isFirst = running !== undefined && due.task.schedule.nextAfter(running) === due.tick;
  return isFirst ? { ...ending, outcome: 'buffered' } : ending;
}

/** Only the instance of the run knows which ticks wait for its end: for all others the tick is not over with that. */
function whatHolderMayDo({ by }: Ending, { overlap, misfire }: TaskPolicies): string {
  const isUpToHolder =
    by !== undefined && (overlap === 'buffer_one' || overlap === 'cancel_other' || misfire === 'all');
  return isUpToHolder ? ', which may start it when its run has ended' : '';
}

export function toOpenTick(due: DueTick): OpenTick {
  return { due };
}

export function reportOf(parts: ReportParts, due: DueTick, { outcome, detail, by }: Ending): TickReport {
  const { instanceId } = parts;
  return {
    task: due.task.name,
    tick: due.tick,
    instanceId,
    outcome,
    detail,
    ...(by !== undefined && { by }),
  };
}
