/** The model of epoch-script.ts, and of `counted` in redis-scripts.ts. */

import { EARLY_MS, MARGIN_MS } from '../protocol/contract/constants.js';
import { counterOf } from '../protocol/contract/ledger-id.js';
import type { EpochAnswer } from '../protocol/contract/node-identity.js';
import { parseStamp, stampText } from '../protocol/contract/node-set.js';
import { setBackOfMemoryMs, setBackSinceFloorMs } from '../protocol/ledger/clock-set-back.js';
import type { Entry, LedgerMemory } from './ledger-memory.js';

/** A claim id that no claim has, for a tick that was given back, or is left behind. */
export const NOBODY = '-';

/** A loss of memory on purpose: new id, no vote, a floor above all that was granted. A repetition does nothing. */
export function raiseEpoch(
  memory: LedgerMemory,
  epoch: number,
  nowMs: number,
  newNonce: () => string,
): EpochAnswer {
  const setBackMs = setBackOfMemoryMs(memory, nowMs);
  if (memory.epoch >= epoch) return { isRaised: false, id: memory.id, epoch: memory.epoch, setBackMs };
  const burntAboveMs = nowMs + EARLY_MS;
  const keptFloor = setBackSinceFloorMs(memory.floor, nowMs) > 0 ? 0 : memory.floor;
  memory.epoch = epoch;
  memory.burntAboveMs = burntAboveMs;
  memory.highest = Math.min(memory.highest, burntAboveMs);
  memory.prunedUpTo = Math.min(memory.prunedUpTo, burntAboveMs);
  memory.floor = Math.max(keptFloor, nowMs + EARLY_MS + MARGIN_MS);
  memory.sinceMs = nowMs;
  memory.idSinceMs = nowMs;
  memory.id = `${counterOf(memory.id) + 1}.${newNonce()}`;
  memory.vote = undefined;
  const stamp = parseStamp(memory.stamp);
  if (stamp !== undefined && stamp.sinceMs > burntAboveMs)
    memory.stamp = stampText({ ...stamp, sinceMs: Math.floor(nowMs) });
  return { isRaised: true, id: memory.id, epoch, setBackMs };
}

/** What {@link counted} makes of what is left behind, also once it was claimed and given back since. */
export function isLeftBehind(entry: Entry | undefined, { epoch, burntAboveMs }: LedgerMemory): boolean {
  if (entry === undefined || epoch === 0) return false;
  return entry.claimId === NOBODY && entry.tick === burntAboveMs && entry.previousTick === burntAboveMs;
}

/** As it counts now: what an older epoch has granted by a clock that was set back stands for nobody. */
export function counted(entry: Entry | undefined, memory: LedgerMemory): Entry | undefined {
  const { epoch, burntAboveMs } = memory;
  if (entry === undefined || entry.epoch >= epoch || entry.tick <= burntAboveMs) return entry;
  return { ...entry, tick: burntAboveMs, claimId: NOBODY, previousTick: burntAboveMs };
}
