/** A tick whose contest goes on here, and the ways in which it ends without a run. */

import type { BidVerdict } from '../bid/bid-verdict.js';
import { movedPast } from '../bid/moved-past.js';
import { type OwnClaims, whoseClaim } from '../bid/own-claims.js';
import type { DueTick } from '../contract/due-tick.js';
import { newestInstant, type PeekAnswer } from '../contract/line-past.js';
import type { Outcome } from '../contract/outcome.js';
import type { TaskPolicies } from '../contract/task-policies.js';
import { tickOfInstant } from '../policies/next-start.js';
import { type EndedTick, type Ending, endAs } from '../run/tick-end.js';

/** How a bid ended, or left a tick. */
interface Met extends Ending {
  readonly detail: string;
}

/** A tick that has not ended here. `met` is what its newest bid met: how it ends if no later bid succeeds. */
export interface ContestedTick {
  readonly due: DueTick;
  readonly met?: Met & { readonly retryInMs?: number };
  /** The newest instant of the task that a majority had reached at the last look. */
  readonly newest?: number;
}

/** Ticks that are still open, and those that ended meanwhile. */
export interface Sorted {
  readonly open: readonly ContestedTick[];
  readonly ended: readonly EndedTick[];
}

const STOPPED: Ending = { outcome: 'stopped', detail: 'this instance does not bid any more' };
const NOT_REACHED: Ending = {
  outcome: 'no_quorum',
  detail: 'no majority of nodes has answered this instance since it started',
};
const NO_BID: Ending = { outcome: 'no_quorum', detail: 'no bid was answered' };

/**
 * Ends what is past its limit: as what its bids met, or as a misfire when there was no time for one.
 *
 * @param wasReached whether nodes have ever answered: an instance that has just started waits a moment for them before it bids
 */
export function withoutOverdue(open: readonly ContestedTick[], nowMs: number, wasReached: boolean): Sorted {
  const isOverdue = ({ due }: ContestedTick): boolean => nowMs - due.tick > due.maxLatenessMs;
  if (!open.some(isOverdue)) return { open, ended: [] };
  const ended = open.filter(isOverdue).map((tick): EndedTick => {
    const { due } = tick;
    const detail = `noticed ${Math.round(nowMs - due.tick)} ms late, limit ${due.maxLatenessMs} ms`;
    const otherwise: Ending = wasReached ? { outcome: 'misfire', detail } : NOT_REACHED;
    return { due, ending: endingOf(tick) ?? otherwise };
  });
  return { open: open.filter((tick) => !isOverdue(tick)), ended };
}

/** How long the last bid took, and what it met where it came back too late to count. */
export interface LastBid {
  readonly tookMs: number;
  readonly outcome: Outcome;
  readonly detail: string;
}

/** Ends what another bid could not start in time, as what the last one met: it would cost a message and the time of the next. */
export function withoutHopeless(
  open: readonly ContestedTick[],
  nowMs: number,
  { tookMs, outcome, detail: met }: LastBid,
): Sorted {
  const isHopeless = ({ due }: ContestedTick): boolean => nowMs + tookMs > due.tick + due.maxLatenessMs;
  if (!open.some(isHopeless)) return { open, ended: [] };
  const detail = `left out: a bid takes ${Math.round(tookMs)} ms now, more than there is until its limit (${met})`;
  const ended = open.filter(isHopeless).flatMap(({ due }) => endAs({ outcome, detail }, due));
  return { open: open.filter((tick) => !isHopeless(tick)), ended };
}

/** Ends what somebody else has. What was won here is reported by its run, and what was given up here is for another bid. */
export function withoutTaken(
  ownClaims: OwnClaims,
  open: readonly ContestedTick[],
  peeks: readonly PeekAnswer[],
): Sorted {
  const left: ContestedTick[] = [];
  const ended: EndedTick[] = [];
  for (const [index, tick] of open.entries()) {
    const peek = peeks[index];
    const fate = peek?.kind === 'taken' ? whoseClaim(ownClaims, tick.due, peek.claimId) : undefined;
    if (fate === 'won') continue;
    if (peek?.kind === 'taken' && fate === undefined) ended.push({ due: tick.due, ending: movedPast(peek) });
    else left.push(peek?.past.canTell === true ? { ...tick, newest: newestInstant(peek.past) } : tick);
  }
  return { open: left, ended };
}

/** What one bid makes of a tick; open where a later round is worth a try. */
export function afterBid(tick: ContestedTick, verdict: BidVerdict | undefined): Sorted {
  switch (verdict?.kind) {
    case 'won':
    case 'ended_here':
      return { open: [], ended: [] };
    case 'decided':
      return { open: [], ended: endAs(plain(verdict), tick.due) };
    case 'open':
      return { open: [{ ...tick, met: verdict }], ended: [] };
    case 'outdated':
    case undefined:
      return { open: [tick], ended: [] };
    default:
      return verdict satisfies never;
  }
}

/** How a tick ends for which this instance makes no bid, because it would be late with those that are its own. */
export function leftToOthers(delayMs: number): Ending {
  const detail = `left to the others: this instance wakes ${Math.round(delayMs)} ms late, it has too little processor`;
  return { outcome: 'misfire', detail };
}

/** Ends what no round is left for. @param otherwise how what no bid has met anything for ends */
export function withoutAll(
  open: readonly ContestedTick[],
  isStopped: boolean,
  otherwise: Ending = NO_BID,
): Sorted {
  const ended = open.map((tick): EndedTick => {
    const ending = isStopped ? STOPPED : (endingOf(tick) ?? otherwise);
    return { due: tick.due, ending };
  });
  return { open: [], ended };
}

/** How a tick ends that no bid has won, going by what the last one met. */
function endingOf({ due, met, newest }: ContestedTick): Ending | undefined {
  const { policies, schedule } = due.task;
  if (met === undefined) return undefined;
  if (met.outcome !== 'overlap' || policies === undefined) return plain(met);
  const ending = { ...plain(met), detail: `${met.detail}${whatHolderMayDo(met, policies)}` };
  if (policies.overlap !== 'buffer_one' || newest === undefined) return ending;
  const running = tickOfInstant(schedule, newest);
  const isFirst = running !== undefined && schedule.nextAfter(running) === due.tick;
  return isFirst ? { ...ending, outcome: 'buffered' } : ending;
}

/** Without what only the contest needs to know. */
function plain({ outcome, detail, by }: Met): Ending {
  return { outcome, detail, ...(by !== undefined && { by }) };
}

/** Only the running instance knows which ticks wait for its end, so for the others this tick is not over. */
function whatHolderMayDo({ by }: Met, { overlap, misfire }: TaskPolicies): string {
  const isUpToHolder =
    by !== undefined && (overlap === 'buffer_one' || overlap === 'cancel_other' || misfire === 'all');
  return isUpToHolder ? ', which may start it when its run has ended' : '';
}

export function toContested(due: DueTick): ContestedTick {
  return { due };
}
