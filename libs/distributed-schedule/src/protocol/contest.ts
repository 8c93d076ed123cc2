/**
 * The contest for the ticks that are due at one instant, as one instance takes part in it: rank, bid times, and
 * bids until every tick is won, taken or out of time. Every tick ends in exactly one report.
 */

import { type BidVerdict, bidForTicks, type DueTick, type LockedTick } from './bid.js';
import { BidRounds } from './bid-plan.js';
import {
  NO_BID,
  type OpenTick,
  reportOf,
  reportOverdue,
  reportTaken,
  STOPPED,
  toOpenTick,
} from './open-tick.js';
import type { TickReport } from './outcome.js';
import type { PeekVerdict } from './ports.js';
import { rankOf } from './ranking.js';
import { type RunTickParts, runTick } from './run-tick.js';

export interface ContestParts extends RunTickParts {
  /** The live instances, as this one knows them now. */
  readonly members: () => readonly string[];
  /** The instance's beat, which answers the peeks of standby ticks in the same message. */
  readonly beat: (peeks: readonly DueTick[]) => Promise<readonly PeekVerdict[]>;
  /** Aborts when this instance must not bid any more. */
  readonly stopped: AbortSignal;
  /** Stops this instance for good: it has met a newer, or another, node set. */
  readonly fence: (reason: 'outdated' | 'conflict') => void;
  readonly report: (report: TickReport) => void;
}

/** Takes part in the contest for ticks that are all due at `tick`. Resolves when the last of them has ended. */
export async function contestInstant(
  parts: ContestParts,
  tick: number,
  dues: readonly DueTick[],
): Promise<void> {
  // After a pause, what is too late is said at once: it needs no message to anybody.
  const timely = reportOverdue(parts, dues.map(toOpenTick)).map(({ due }) => due);

  // 2 rank
  const members = parts.members();
  const byRank = new Map<number, DueTick[]>();
  for (const due of timely) {
    const rank = rankOf(due.task.name, parts.instanceId, members);
    byRank.set(rank, [...(byRank.get(rank) ?? []), due]);
  }
  const first = byRank.get(0) ?? [];
  byRank.delete(0);
  await Promise.all([contestFrom(parts, tick, 0, first.map(toOpenTick)), standBy(parts, tick, byRank)]);
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
      contestFrom(parts, tick, rank, dues.filter((due) => open.has(due)).map(toOpenTick)),
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
    open = reportOverdue(parts, open);
    if (!isFirst || offsetMs > parts.options.bidStaggerMs) open = await dropTaken(parts, open);
    if (parts.stopped.aborted) break;
    open = await bidRound(parts, open, runs);
    const waitsMs = open.flatMap(({ met }) => (met?.retryInMs === undefined ? [] : [met.retryInMs]));
    if (waitsMs.length > 0) rounds.addExtra(sinceTickMs(), Math.min(...waitsMs));
  }
  for (const { due, met } of open) {
    parts.report(reportOf(parts, due, parts.stopped.aborted ? STOPPED : (met ?? NO_BID)));
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
  );
  return open.flatMap((tick, index) => settle(parts, tick, verdicts[index], runs));
}

/** Acts on one verdict; gives the tick back when a later round is worth a try. */
function settle(
  parts: ContestParts,
  open: OpenTick,
  verdict: BidVerdict | undefined,
  runs: Promise<void>[],
): readonly OpenTick[] {
  switch (verdict?.kind) {
    case 'won':
      runs.push(runAndReport(parts, verdict.won));
      return [];
    case 'over':
      parts.report(reportOf(parts, open.due, verdict));
      return [];
    case 'open':
      return [{ due: open.due, met: verdict }];
    case 'fenced':
      parts.fence(verdict.reason);
      return [open];
    case undefined:
      return [open];
    default:
      return verdict satisfies never;
  }
}

async function runAndReport(parts: ContestParts, won: LockedTick): Promise<void> {
  parts.report(await runTick(parts, won));
}

async function dropTaken(parts: ContestParts, open: readonly OpenTick[]): Promise<readonly OpenTick[]> {
  if (open.length === 0 || parts.stopped.aborted) return open;
  try {
    const peeks = await parts.ledger.peek(open.map(({ due }) => ({ task: due.task.name, tick: due.tick })));
    return reportTaken(parts, open, peeks);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'tick ledger: peek' });
    return open;
  }
}
