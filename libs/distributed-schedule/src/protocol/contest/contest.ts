/**
 * The contest for the ticks that are due at one instant, as one instance takes part in it: rank, bid times, and
 * bids until every tick is won, taken or out of time. Every tick ends in exactly one report.
 */

import { bidForTicks, inBatches } from '../bid/bid.js';
import { BidRounds } from '../bid/bid-plan.js';
import type { BidVerdict } from '../bid/bid-verdict.js';
import { peekNewest } from '../bid/choose-starts.js';
import type { DueTick } from '../contract/due-tick.js';
import type { PeekVerdict } from '../contract/ports.js';
import { isEligible, type LabelsOf, rankHere } from '../members/ranking.js';
import { type RunTickParts, runTick, takeOn } from '../run/run-tick.js';
import {
  type Ending,
  endingOf,
  NO_BID,
  type OpenTick,
  reportOf,
  reportOverdue,
  reportTaken,
  STOPPED,
  toOpenTick,
} from './open-tick.js';

export interface ContestParts extends RunTickParts {
  /** The live instances, as this one knows them now. */
  readonly members: () => readonly string[];
  /** Those of them that run a task, this one included. Absent: all. */
  readonly contenders?: (task: string) => readonly string[];
  /** Absent: nobody has labels. */
  readonly labelsOf?: LabelsOf;
  /** The instance's beat, which answers the peeks of standby ticks in the same message. */
  readonly beat: (peeks: readonly DueTick[]) => Promise<readonly PeekVerdict[]>;
}

const TOO_MANY_GIVEN_UP: Ending = {
  outcome: 'overlap',
  detail: 'too many runs of its task that were given up go on here',
};
const ANOTHER_IS_BUFFERED: Ending = { outcome: 'overlap', detail: 'another tick is buffered already' };

/** Takes part in the contest for ticks that are all due at `tick`. Resolves when the last of them has ended. */
export async function contestInstant(
  parts: ContestParts,
  tick: number,
  dues: readonly DueTick[],
): Promise<void> {
  // After a pause, what is too late is said at once: it needs no message to anybody.
  const inTime = reportOverdue(parts, dues.filter((due) => mayRun(parts, due)).map(toOpenTick)).map(
    ({ due }) => due,
  );
  const timely = inTime.filter((due) => !isAdopted(parts, due));

  // 2 rank
  const byRank = new Map<number, DueTick[]>();
  for (const due of timely) {
    const rank = rankHere(parts, due.task);
    if (rank === undefined) continue;
    byRank.set(rank, [...(byRank.get(rank) ?? []), due]);
  }
  const first = byRank.get(0) ?? [];
  byRank.delete(0);
  await Promise.all([contestRank(parts, tick, 0, first.map(toOpenTick)), standBy(parts, tick, byRank)]);
}

/** The bids of one rank: what is claimed in several steps apart, so that nobody else waits for it. */
async function contestRank(
  parts: ContestParts,
  tick: number,
  rank: number,
  open: readonly OpenTick[],
): Promise<void> {
  const batches = inBatches(parts.ledger, open, ({ due }) => due);
  await Promise.all(batches.map((batch) => contestFrom(parts, tick, rank, batch)));
}

/** An instance without the labels that a task asks for has nothing to say about its ticks. */
function mayRun({ labelsOf, instanceId }: ContestParts, { task }: DueTick): boolean {
  return isEligible(task.placement, labelsOf?.(instanceId) ?? []);
}

/** Whether a run that holds the task's lock here takes the tick on, or has taken another one: then nothing is left to bid for. */
function isAdopted(parts: ContestParts, due: DueTick): boolean {
  if (parts.register.isFull(due.task.name)) {
    parts.report(reportOf(parts, due, TOO_MANY_GIVEN_UP));
    return true;
  }
  const run = parts.runs.of(due.task.name);
  if (run === undefined) return false;
  const adoption = run.adoptionOf(due);
  if (adoption === 'adopted') takeOn(parts, run, due);
  if (adoption === 'refused') parts.report(reportOf(parts, due, ANOTHER_IS_BUFFERED));
  return adoption !== 'contested';
}

/** Ranks above 0: one peek for all of them, and in nearly every case nothing else. */
async function standBy(
  parts: ContestParts,
  tick: number,
  byRank: ReadonlyMap<number, readonly DueTick[]>,
): Promise<void> {
  const waiting = [...byRank.values()].flat();
  if (waiting.length === 0) return;
  await parts.clusterClock.sleepUntil(tick + parts.options.bidStaggerMs, parts.stopped);
  const peeks = parts.stopped.aborted ? [] : await parts.beat(waiting);
  const open = new Set(reportTaken(parts, waiting.map(toOpenTick), peeks).map(({ due }) => due));
  await Promise.all(
    [...byRank].map(([rank, dues]) =>
      contestRank(parts, tick, rank, dues.filter((due) => open.has(due)).map(toOpenTick)),
    ),
  );
}

/** 3 bid time: the bids of one rank, one round after the other, until nothing is open. */
async function contestFrom(
  parts: ContestParts,
  tick: number,
  rank: number,
  opening: readonly OpenTick[],
): Promise<void> {
  const runs: Promise<void>[] = [];
  const sinceTickMs = (): number => parts.clusterClock.nowMs() - tick;
  const rounds = new BidRounds(
    rank,
    parts.options,
    Math.max(0, ...opening.map(({ due }) => due.maxLatenessMs)),
    () => parts.random.next(),
  );
  let open = opening;
  for (let isFirst = true; open.length > 0; isFirst = false) {
    const offsetMs = rounds.next(sinceTickMs());
    if (offsetMs === undefined) break;
    await parts.clusterClock.sleepUntil(tick + offsetMs, parts.stopped);
    // A run of an older tick may have begun here since: what was missed, or left unfinished.
    open = reportOverdue(parts, open).filter(({ due }) => !isAdopted(parts, due));
    if (!isFirst || offsetMs > parts.options.bidStaggerMs) open = await dropTaken(parts, open);
    if (parts.stopped.aborted) break;
    open = await bidRound(parts, open, runs);
    const waitsMs = open.flatMap(({ met }) => (met?.retryInMs === undefined ? [] : [met.retryInMs]));
    if (waitsMs.length > 0) rounds.addExtra(sinceTickMs(), Math.min(...waitsMs));
  }
  for (const tick of open) {
    parts.report(reportOf(parts, tick.due, parts.stopped.aborted ? STOPPED : (endingOf(tick) ?? NO_BID)));
  }
  await Promise.all(runs);
}

async function bidRound(
  parts: ContestParts,
  open: readonly OpenTick[],
  runs: Promise<void>[],
): Promise<readonly OpenTick[]> {
  if (open.length === 0) return [];
  const verdicts = await bidForTicks(
    parts,
    open.map(({ due }) => due),
    (won) => runs.push(runTick(parts, won)),
  );
  return open.flatMap((tick, index) => settle(parts, tick, verdicts[index]));
}

/** Acts on one verdict; gives the tick back when a later round is worth a try. */
function settle(parts: ContestParts, open: OpenTick, verdict: BidVerdict | undefined): readonly OpenTick[] {
  switch (verdict?.kind) {
    case 'won':
    case 'ended_here':
      return [];
    case 'over':
      parts.report(reportOf(parts, open.due, verdict));
      return [];
    case 'open':
      return [{ ...open, met: verdict }];
    case 'fenced':
      parts.fence(verdict.reason);
      return [open];
    case undefined:
      return [open];
    default:
      return verdict satisfies never;
  }
}

async function dropTaken(parts: ContestParts, open: readonly OpenTick[]): Promise<readonly OpenTick[]> {
  if (open.length === 0 || parts.stopped.aborted) return open;
  const peeks = await peekNewest(
    parts,
    open.map(({ due }) => due),
  );
  return reportTaken(parts, open, peeks);
}
