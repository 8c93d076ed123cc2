/** One round of bids for the ticks of one instant, in portions where the processor or the store is short. */

import { bidForTicks } from '../bid/bid.js';
import type { BidVerdict } from '../bid/bid-verdict.js';
import type { RunParts } from '../run/run-parts.js';
import { runTick } from '../run/run-tick.js';
import { tellEnds } from '../run/tick-end.js';
import { afterBid, type ContestedTick, withoutHopeless } from './contested-tick.js';

/** Bids for all of them, as many at once as are admitted. Resolves with what is open. */
export async function bidRound(
  parts: RunParts,
  open: readonly ContestedTick[],
  runs: Promise<void>[],
): Promise<readonly ContestedTick[]> {
  const { admission, clusterClock, stopped } = parts;
  const left: ContestedTick[] = [];
  let waiting = admission.isLimited ? inOrder(parts, open) : open;
  let tookMs = 0;
  while (waiting.length > 0 && !stopped.aborted) {
    const sorted = withoutHopeless(waiting, clusterClock.nowMs(), tookMs);
    tellEnds(parts, sorted.ended);
    const { room } = admission;
    if (room === 0) return [...left, ...sorted.open];
    const portion = sorted.open.slice(0, room);
    waiting = sorted.open.slice(room);
    const beganMs = clusterClock.nowMs();
    left.push(...(await bidForPortion(parts, portion, runs)));
    tookMs = clusterClock.nowMs() - beganMs;
  }
  return [...left, ...waiting];
}

async function bidForPortion(
  parts: RunParts,
  portion: readonly ContestedTick[],
  runs: Promise<void>[],
): Promise<readonly ContestedTick[]> {
  if (portion.length === 0) return [];
  const { admission, clock, options } = parts;
  const beganMs = clock.monotonicMs();
  admission.began(portion.length);
  const verdicts = await bidForTicks(
    parts,
    portion.map(({ due }) => due),
    (won) => runs.push(runTick(parts, won)),
  );
  // What fails at once, as without a connection, fails no less with fewer bids.
  const isSlow = clock.monotonicMs() - beganMs >= options.nodeTimeoutMs;
  admission.ended(portion.length, isSlow ? verdicts.filter(isLate).length : 0);
  for (const verdict of verdicts) if (verdict.kind === 'outdated') parts.stopForGood(verdict.kind);
  const left: ContestedTick[] = [];
  for (const [index, tick] of portion.entries()) {
    const { open, ended } = afterBid(tick, verdicts[index]);
    tellEnds(parts, ended);
    left.push(...open);
  }
  return left;
}

function isLate(verdict: BidVerdict): boolean {
  return 'outcome' in verdict && (verdict.outcome === 'no_quorum' || verdict.outcome === 'misfire');
}

/** Those that can wait least come first. Among equals another one does each time, or the same tasks would always be left out. */
function inOrder({ random }: RunParts, open: readonly ContestedTick[]): readonly ContestedTick[] {
  const first = Math.floor(random.next() * open.length);
  const rotated = [...open.slice(first), ...open.slice(0, first)];
  return rotated.sort(({ due: one }, { due: other }) => one.maxLatenessMs - other.maxLatenessMs);
}
