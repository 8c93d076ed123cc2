/** One instance in the contest for ticks of one moment: rank, bid times, bids. Every tick ends in exactly one report. */

import { inBatches } from '../bid/bid.js';
import { BidRounds } from '../bid/bid-plan.js';
import type { DueTick } from '../contract/due-tick.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import { isEligible, rankHere } from '../members/ranking.js';
import { handToRun } from '../run/hand-to-run.js';
import type { RunParts } from '../run/run-parts.js';
import { tellEnds } from '../run/tick-end.js';
import { bidRound } from './bid-round.js';
import {
  type ContestedTick,
  leftToOthers,
  type Sorted,
  toContested,
  withoutAll,
  withoutOverdue,
  withoutTaken,
} from './contested-tick.js';

/** When ticks are contested together. */
export interface ContestTimes {
  /** The first of their instants: rounds count from it. Each tick starts at its own. */
  readonly tick: number;
  /** The last one: what nodes have found early is bid for again then. */
  readonly last: number;
  /** How long before the first instant the first in rank bids; see bid-lead.ts. */
  readonly leadMs: number;
}

/** What is known of all the ticks of a slot, those among them that are contested apart. */
export interface SlotTicks {
  readonly ticks: number;
  /** As looks ask about them; undefined where they are due at several instants. */
  readonly standby: StandbyTicks | undefined;
}

/** Takes part in the contest for ticks that are bid for at one moment. Resolves when the last of them has ended. */
export async function contestTicks(
  parts: RunParts,
  times: ContestTimes,
  slot: SlotTicks,
  dues: readonly DueTick[],
): Promise<void> {
  // After a pause, what is too late is said at once: it needs no message to anybody.
  const open = dues.filter((due) => mayRun(parts, due)).map(toContested);
  const timely = stillContested(parts, open).map(({ due }) => due);

  // 2 rank
  const byRank = new Map<number, DueTick[]>();
  for (const due of timely) {
    const rank = rankHere(parts, due.task);
    if (rank === undefined) continue;
    const those = byRank.get(rank);
    if (those === undefined) byRank.set(rank, [due]);
    else those.push(due);
  }
  const first = byRank.get(0) ?? [];
  byRank.delete(0);
  const onBid = (answers: FirstAnswers): void => noteAnswers(parts, slot.ticks, answers);
  await Promise.all([
    contestRank(parts, { times, rank: 0, onBid }, first.map(toContested)),
    standBy(parts, times, slot, byRank),
  ]);
}

/** How the first bids for an instant went. */
interface FirstAnswers {
  readonly tookMs: number;
  /** Of all that were bid for, those that nodes refused or did not answer. */
  readonly refused: number;
  readonly bids: number;
}

/** Where most were refused there is nothing to learn, but perhaps that they came too early. */
function noteAnswers({ lead }: RunParts, ticks: number, { tookMs, refused, bids }: FirstAnswers): void {
  if (2 * refused > bids) lead.noteRefusal(ticks);
  else lead.noteBid(ticks, tookMs);
}

interface Ranked {
  readonly times: ContestTimes;
  readonly rank: number;
  readonly onBid?: (answers: FirstAnswers) => void;
}

/** The bids of one rank: what is claimed in several steps apart, so that nobody else waits for it. */
async function contestRank(parts: RunParts, ranked: Ranked, open: readonly ContestedTick[]): Promise<void> {
  const batches = inBatches(parts.ledger, open, ({ due }) => due);
  await Promise.all(batches.map((batch) => contestFrom(parts, ranked, batch)));
}

/** An instance without the labels that a task asks for has nothing to say about its ticks. */
function mayRun({ labelsOf, instanceId }: RunParts, { task }: DueTick): boolean {
  return isEligible(task.placement, labelsOf?.(instanceId) ?? []);
}

/** Tells of the ticks that have ended, and goes on with the others. */
function tellEnded(parts: RunParts, { open, ended }: Sorted): readonly ContestedTick[] {
  tellEnds(parts, ended);
  return open;
}

/** Those that are in time, and that no run which holds their task's lock here has taken on. */
function stillContested(parts: RunParts, open: readonly ContestedTick[]): readonly ContestedTick[] {
  const { clusterClock } = parts;
  const inTime = tellEnded(parts, withoutOverdue(open, clusterClock.nowMs(), clusterClock.synchronised));
  return inTime.filter(({ due }) => handToRun(parts, due) === 'contest');
}

/** Ranks above 0: one peek for all of them, and in nearly every case nothing else. */
async function standBy(
  parts: RunParts,
  times: ContestTimes,
  { standby }: SlotTicks,
  byRank: ReadonlyMap<number, readonly DueTick[]>,
): Promise<void> {
  if (byRank.size === 0) return;
  await sleepUntil(parts, times.tick + parts.options.bidStaggerMs);
  // Behind the next in rank nobody even looks where it is late: what is open is the next one's to bid for.
  const looking = [...byRank].flatMap(([rank, dues]) => (parts.load.isBehind && rank > 1 ? [] : dues));
  const peeks = parts.stopped.aborted || looking.length === 0 ? [] : await parts.beat(looking, standby);
  const sorted = withoutTaken(parts.ownClaims, looking.map(toContested), peeks);
  const open = new Set(tellEnded(parts, sorted).map(({ due }) => due));
  const hasLooked = new Set(looking);
  await Promise.all(
    [...byRank].map(([rank, dues]) => {
      const left = dues.filter((due) => open.has(due) || !hasLooked.has(due));
      return contestRank(parts, { times, rank }, left.map(toContested));
    }),
  );
}

/** 3 bid time: the bids of one rank, one round after the other, until nothing is open. */
async function contestFrom(
  parts: RunParts,
  { times: { tick, last, leadMs }, rank, onBid }: Ranked,
  opening: readonly ContestedTick[],
): Promise<void> {
  const runs: Promise<void>[] = [];
  const sinceTickMs = (): number => parts.clusterClock.nowMs() - tick;
  const latestMs = Math.max(0, ...opening.map(({ due }) => due.tick - tick + due.maxLatenessMs));
  const offsets = { ...parts.options, bidLeadMs: leadMs, slotMs: last - tick };
  const rounds = new BidRounds(rank, offsets, latestMs, () => parts.random.next());
  let open = opening;
  for (let isFirst = true; open.length > 0; isFirst = false) {
    const offsetMs = rounds.next(sinceTickMs());
    if (offsetMs === undefined) break;
    await sleepUntil(parts, tick + offsetMs);
    // A run of an older tick may have begun here since: what was missed, or left unfinished.
    open = stillContested(parts, open);
    if (isLeftToOthers(parts, rank, isFirst)) continue;
    if (!isFirst || offsetMs > parts.options.bidStaggerMs) open = await dropTaken(parts, open);
    if (parts.stopped.aborted) break;
    const [beganMs, bids] = [parts.clock.monotonicMs(), open.length];
    open = await bidRound(parts, open, runs);
    const refused = open.filter(({ met }) => met?.outcome === 'no_quorum').length;
    if (isFirst) onBid?.({ tookMs: parts.clock.monotonicMs() - beganMs, refused, bids });
    const waitsMs = open.flatMap(({ met }) => (met?.retryInMs === undefined ? [] : [met.retryInMs]));
    if (waitsMs.length > 0) rounds.addExtra(sinceTickMs(), Math.min(...waitsMs));
  }
  const otherwise = isLeftToOthers(parts, rank, false) ? leftToOthers(parts.load.delayMs) : undefined;
  tellEnded(parts, withoutAll(open, parts.stopped.aborted, otherwise));
  await Promise.all(runs);
}

/** Notes how late it is then: a late instance has to do less, or it is later at the next tick. */
async function sleepUntil({ clusterClock, load, stopped }: RunParts, atMs: number): Promise<void> {
  // What was to be done before now is late by no fault of the processor: the loop was told of it only now.
  const isAhead = clusterClock.nowMs() < atMs;
  await clusterClock.sleepUntil(atMs, stopped);
  if (isAhead) load.note(clusterClock.nowMs() - atMs);
}

/**
 * Where the processor is short everybody is late, so each tick looks open to everybody. If all bid for all ticks then, none
 * gets a majority, and the work of a second grows with the square of the instances. The next in rank makes one bid. A tick
 * with time left has later rounds, when the load may be over.
 */
function isLeftToOthers({ load, stopped }: RunParts, rank: number, isFirst: boolean): boolean {
  return load.isBehind && !stopped.aborted && (rank > 1 || (rank === 1 && !isFirst));
}

async function dropTaken(parts: RunParts, open: readonly ContestedTick[]): Promise<readonly ContestedTick[]> {
  if (open.length === 0 || parts.stopped.aborted) return open;
  const peeks = await parts.ledger.peek(open.map(({ due }) => due));
  return tellEnded(parts, withoutTaken(parts.ownClaims, open, peeks));
}
