/**
 * How long records about a task may live: no longer than the task. A program adds one per order, each is due once, and what they left
 * behind for a month would fill the nodes.
 */

import { TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';

/**
 * How long a record about a task that was added at run time may live, ms; undefined: as long as it is wanted. 0 where the task has
 * gone.
 * @param wantedMs undefined: for good
 */
export function lifetimeMs(
  board: Pick<BoardView, 'entry' | 'nowMs'>,
  task: string,
  wantedMs: number | undefined,
): number | undefined {
  const entry = board.entry(`${TASK}${task}`);
  if (entry === undefined) return 0;
  if (entry.expiresAtMs === undefined) return wantedMs;
  return Math.max(0, Math.min(wantedMs ?? Number.POSITIVE_INFINITY, entry.expiresAtMs - board.nowMs()));
}
