/** Which changes on the board may change what this instance plans. Most do not: instances tell of themselves all the time. */

import {
  isInRoom,
  PAUSE,
  PLAN,
  roomPrefix,
  SET,
  TASK,
  TRIGGER,
  taskOfDecision,
} from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import { roomOf } from './app-claims.js';
import type { DefinitionSets } from './definition-sets.js';

/** Records of this app that say something about tasks. */
const DECISIONS = [PAUSE, PLAN, TASK, TRIGGER];

export interface ControlWatchParts {
  readonly board: Pick<BoardView, 'watch'>;
  readonly app: string;
  readonly sets: Pick<DefinitionSets, 'signature'>;
}

/** Tells when to plan anew: the tasks that were decided about, or all where it is not known which. */
export function watchDecisions(
  { board, app, sets }: ControlWatchParts,
  onNews: (tasks?: readonly string[]) => void,
): void {
  const own = roomPrefix(roomOf(app));
  const isDecision = (key: string): boolean =>
    key.startsWith(own) && DECISIONS.some((prefix) => key.startsWith(prefix, own.length));
  // Of whichever app: the task may have a name that this one has.
  const isOfAll = (key: string): boolean =>
    key.startsWith(SET) || (isInRoom(key, TASK) && !key.startsWith(own));
  let living = sets.signature();
  board.watch((keys) => {
    const before = living;
    living = sets.signature();
    if (before !== living || [...keys].some(isOfAll)) return onNews();
    const tasks = [...keys].filter(isDecision).map((key) => taskOfDecision(key.slice(own.length)));
    if (tasks.length > 0) onNews(tasks);
  });
}
