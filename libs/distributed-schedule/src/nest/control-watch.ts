/** Which changes on the board may change what this instance plans. Most do not: instances tell of themselves all the time. */

import { type BoardView, isInRoom, roomPrefix } from '../protocol/board/board-room.js';
import { roomOf } from './app-claims.js';
import { PAUSE, PLAN, TASK, TRIGGER } from './control-records.js';
import type { DefinitionSets } from './definition-sets.js';
import { SET } from './sets-on-board.js';

/** Records of this app that say something about tasks. */
const DECISIONS = [PAUSE, PLAN, TASK, TRIGGER];

export interface ControlWatchParts {
  readonly board: Pick<BoardView, 'watch'>;
  readonly app: string;
  readonly sets: Pick<DefinitionSets, 'signature'>;
}

/** Tells when to plan anew. */
export function watchDecisions({ board, app, sets }: ControlWatchParts, onNews: () => void): void {
  const own = roomPrefix(roomOf(app));
  const isNews = (key: string): boolean =>
    key.startsWith(SET) ||
    // Of whichever app: the task may have a name that this one has.
    isInRoom(key, TASK) ||
    (key.startsWith(own) && DECISIONS.some((prefix) => key.startsWith(prefix, own.length)));
  let living = sets.signature();
  board.watch((keys) => {
    const before = living;
    living = sets.signature();
    if (before !== living || [...keys].some(isNews)) onNews();
  });
}
