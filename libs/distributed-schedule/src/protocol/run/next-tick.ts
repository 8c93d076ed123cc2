/** What starts under the lease when a run has ended: what was missed, then what has waited. */

import type { ChainedTick } from './chain-state.js';
import { claimNext, nextMissed } from './claim-again.js';
import { whyNotStarted } from './last-look.js';
import type { RunChain } from './run-chain.js';
import type { RunParts } from './run-parts.js';
import { tellEnds } from './tick-end.js';

/** A tick that starts now. */
export interface Start extends ChainedTick {
  readonly latenessMs: number;
}

/** The next tick, claimed; undefined when none starts here any more. No promise where nothing follows, as after most runs. */
export function nextTick(parts: RunParts, chain: RunChain): Promise<Start | undefined> | undefined {
  return chain.isFollowed ? claimFollower(parts, chain) : nothingFollows(chain);
}

async function claimFollower(parts: RunParts, chain: RunChain): Promise<Start | undefined> {
  const { clusterClock, stopped } = parts;
  const { lease } = chain;
  let looksForMissed = chain.isCatchingUp;
  while (chain.startsMore && !stopped.aborted && lease.isTrusted() && !lease.signal.aborted) {
    tellEnds(parts, chain.dropUndue());
    const missed = looksForMissed ? await nextMissed(parts, chain) : undefined;
    const chosen = missed ?? chooseWaiting(parts, chain);
    if (chosen === undefined) break;
    const claimed = await claimNext(parts, chain, chosen, async (lateMs) => {
      await clusterClock.wakeExactlyAt(chosen.tick);
      return whyNotStarted(parts, { due: chosen, lease }, lateMs());
    });
    if (claimed.refusal === undefined)
      return { due: chosen, claimId: claimed.claimId, latenessMs: clusterClock.nowMs() - chosen.tick };
    tellEnds(parts, chain.refused(chosen, claimed.refusal));
    // If a missed tick cannot be claimed, stop catching up: it must not delay the ticks that are due now.
    if (missed !== undefined) looksForMissed = false;
  }
  return nothingFollows(chain);
}

function nothingFollows(chain: RunChain): undefined {
  chain.nothingLeft();
  return undefined;
}

function chooseWaiting(parts: RunParts, chain: RunChain): ReturnType<RunChain['choose']>['start'] {
  const { start, ended } = chain.choose(parts.clusterClock.nowMs());
  tellEnds(parts, ended);
  return start;
}
