/**
 * Proof that a node's clock was set back: it holds a grant more than EARLY ahead of it, and grants nothing until it catches up.
 * A floor proves it too, if it lies further ahead than healthy clocks differ.
 */

import { EARLY_MS, MARGIN_MS } from '../contract/constants.js';
import type { ClaimVote, NodeTick } from '../contract/ports.js';
import { spoken } from '../contract/spoken.js';

/** Clocks of nodes and hosts may differ by this much. */
export const ORDINARY_SKEW_MS = 10_000;

/** The clock was set back by at least this since it granted `instant`; 0 where nothing says so. */
export function setBackSinceGrantMs(instant: number, nowMs: number): number {
  return Math.max(0, instant - EARLY_MS - Math.floor(nowMs));
}

/** The same of a floor. */
export function setBackSinceFloorMs(floor: number, nowMs: number): number {
  const aheadMs = floor - EARLY_MS - MARGIN_MS - Math.floor(nowMs);
  return aheadMs > ORDINARY_SKEW_MS ? aheadMs : 0;
}

/** What a node's word about a task's newest tick says of its clock. */
export function setBackOfTickMs({ tick, floor = 0, prunedUpTo = 0 }: NodeTick, nowMs: number): number {
  return Math.max(setBackSinceGrantMs(Math.max(tick, prunedUpTo), nowMs), setBackSinceFloorMs(floor, nowMs));
}

/** What a node's whole memory says of its clock: the newest instant that it has ever granted, and its floor. */
export function setBackOfMemoryMs(
  { highest, floor }: { readonly highest: number; readonly floor: number },
  nowMs: number,
): number {
  return setBackOfTickMs({ tick: highest, floor }, nowMs);
}

/** For people: `at least 59 min`, so it is never more than that. */
export function atLeast(byMs: number): string {
  const unitMs = byMs < 600_000 ? 1_000 : 60_000;
  return `at least ${spoken(Math.floor(byMs / unitMs) * unitMs)}`;
}

/** For people, as the reason why nobody can start a tick. */
export function setBackWords(byMs: number): string {
  return (
    `the clocks of its nodes were set back by ${atLeast(byMs)}, and they grant nothing ` +
    'before they show what they showed then'
  );
}

export interface SetBack {
  /** By at least this. Absent: the clocks are not the reason. */
  readonly setBackMs?: number;
}

/** Enough clocks are set back that the claim could have been won without it. */
export function setBackAmong(
  votes: readonly (ClaimVote | undefined)[],
  granted: number,
  quorum: number,
): SetBack {
  return setBackOfSoMany(votes.map(amountOf), quorum - granted);
}

/** Enough are set back that nobody could win. */
export function setBackAmongTicks(
  known: readonly (NodeTick | undefined)[],
  timesMs: readonly (number | undefined)[],
  quorum: number,
): SetBack {
  const amounts = known.map((node, index) => {
    const nowMs = timesMs[index];
    return node === undefined || nowMs === undefined ? 0 : setBackOfTickMs(node, nowMs);
  });
  return setBackOfSoMany(amounts, quorum);
}

function amountOf(vote: ClaimVote | undefined): number {
  return vote !== undefined && 'setBackMs' in vote ? (vote.setBackMs ?? 0) : 0;
}

function setBackOfSoMany(amounts: readonly number[], least: number): SetBack {
  const setBack = amounts.filter((byMs) => byMs > 0);
  return setBack.length > 0 && setBack.length >= least ? { setBackMs: Math.max(...setBack) } : {};
}
