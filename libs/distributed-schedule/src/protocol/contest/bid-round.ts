/** One round of bids for the ticks of one instant, in portions where the processor or the store is short. */

import { bidForTicks } from '../bid/bid.js';
import type { BidVerdict } from '../bid/bid-verdict.js';
import type { Outcome } from '../contract/outcome.js';
import type { RunParts } from '../run/run-parts.js';
import { runTick } from '../run/run-tick.js';
import { tellEnds } from '../run/tick-end.js';
import { afterBid, type ContestedTick, type LastBid, withoutHopeless } from './contested-tick.js';

/** Bids for all of them, as many at once as are admitted. Resolves with what is open. */
export async function bidRound(
  parts: RunParts,
  open: readonly ContestedTick[],
  runs: Promise<void>[],
): Promise<readonly ContestedTick[]> {
  const { admission, clusterClock, stopped } = parts;
  const left: ContestedTick[] = [];
  let waiting = admission.isLimited ? inOrder(parts, open) : open;
  while (waiting.length > 0 && !stopped.aborted) {
    const { room } = admission;
    if (room === 0) break;
    const { open: after, last } = await bidForPortion(parts, waiting.slice(0, room), runs);
    left.push(...after);
    const sorted = withoutHopeless(waiting.slice(room), clusterClock.nowMs(), last);
    tellEnds(parts, sorted.ended);
    waiting = sorted.open;
  }
  return [...left, ...waiting];
}

const IN_TIME = { outcome: 'misfire', detail: 'the one before it was in time' } as const;

interface Portion {
  readonly open: readonly ContestedTick[];
  readonly last: LastBid;
}

async function bidForPortion(
  parts: RunParts,
  portion: readonly ContestedTick[],
  runs: Promise<void>[],
): Promise<Portion> {
  const { admission, clock, options } = parts;
  const beganMs = clock.monotonicMs();
  let longestMs: number | undefined;
  admission.began(portion.length);
  const verdicts = await bidForTicks(
    parts,
    portion.map(({ due }) => due),
    {
      start: (won) => runs.push(runTick(parts, won)),
      onCopy: (copyMs) => {
        longestMs = Math.max(longestMs ?? 0, copyMs);
      },
    },
  );
  // What fails at once, as without a connection, fails no less with fewer bids. Pauses between copies say nothing of the nodes.
  const tookMs = longestMs ?? clock.monotonicMs() - beganMs;
  const late = tookMs < options.nodeTimeoutMs ? [] : verdicts.filter(isLate);
  admission.ended(portion.length, late.length);
  for (const verdict of verdicts) if (verdict.kind === 'outdated') parts.stopForGood(verdict.kind);
  const left: ContestedTick[] = [];
  for (const [index, tick] of portion.entries()) {
    const { open, ended } = afterBid(tick, verdicts[index]);
    tellEnds(parts, ended);
    left.push(...open);
  }
  const { outcome, detail } = late[0] ?? IN_TIME;
  return { open: left, last: { tookMs, outcome, detail } };
}

function isLate(verdict: BidVerdict): verdict is Extract<BidVerdict, { outcome: Outcome }> {
  return 'outcome' in verdict && (verdict.outcome === 'no_quorum' || verdict.outcome === 'misfire');
}

/** Those that can wait least come first. Among equals another one does each time, or the same tasks would always be left out. */
function inOrder({ random }: RunParts, open: readonly ContestedTick[]): readonly ContestedTick[] {
  const first = Math.floor(random.next() * open.length);
  const rotated = [...open.slice(first), ...open.slice(0, first)];
  return rotated.sort(({ due: one }, { due: other }) => one.maxLatenessMs - other.maxLatenessMs);
}
