/** What the votes and the newest ticks of nodes say about clocks that were set back. */

import type { ClaimVote, NodeTick } from '../contract/ports.js';
import { setBackOfTickMs } from './clock-set-back.js';

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
