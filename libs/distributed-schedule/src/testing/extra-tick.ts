/** One more tick of a task, due at once: what `registry.trigger` does, without the time that other instances need to hear of it. */

import { triggersOn } from '../control/control-records.js';
import type { PlannedTask } from '../control/planned-task.js';
import { noRoom } from '../control/trigger-refusals.js';
import { TRIGGER_TTL_MS, triggerKey } from '../protocol/board/board-keys.js';
import type { BoardRoom } from '../protocol/board/board-room.js';
import { areTooNear } from '../protocol/schedules/trigger-place.js';

/** On a clock that stands still a bid takes no time. */
const LEAD_MS = 1;

/** More than two ticks have to be apart. */
const SEARCH_BACK_MS = 100;

/** Further ahead than this no instant is looked for. */
const SEARCH_AHEAD_MS = 60_000;

/** @throws DistributedScheduleError DSCHED_NO_ROOM. Puts it on the board, and returns when it is due, epoch ms */
export function placeExtraTick(
  room: BoardRoom,
  { name, base }: PlannedTask,
  payload: { readonly payload?: unknown },
): number {
  const taken = (triggersOn(room).get(name) ?? []).map(({ tick }) => tick);
  const firstMs = Math.ceil(room.nowMs()) + LEAD_MS;
  for (let tick = firstMs; tick < firstMs + SEARCH_AHEAD_MS; tick += 1) {
    if (taken.some((other) => areTooNear(other, tick)) || isNearScheduled(base, tick)) continue;
    room.post(triggerKey(name, tick, 'test'), JSON.stringify({ tick, ...payload }), TRIGGER_TTL_MS);
    return tick;
  }
  throw noRoom(name, 'it is due so often that no instant is left between two ticks');
}

function isNearScheduled(schedule: PlannedTask['base'], tick: number): boolean {
  for (
    let next = schedule?.nextAfter(tick - SEARCH_BACK_MS);
    next !== undefined;
    next = schedule?.nextAfter(next)
  ) {
    if (areTooNear(next, tick)) return true;
    if (next > tick) return false;
  }
  return false;
}
