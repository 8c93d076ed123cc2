/**
 * Which of the live instances run a task. All instances of a namespace are members, those of other apps and those without the
 * task, too. One of these in front of the others would delay every tick by its turn, and nobody would tell what it is to tell.
 */

import { TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { InstanceNotices } from '../protocol/board/instance-notices.js';
import type { SetsOnBoard } from './sets-on-board.js';

export interface TaskPeersParts {
  readonly app: string;
  readonly notices: Pick<InstanceNotices, 'identityOf'>;
  readonly sets: Pick<SetsOnBoard, 'runs'>;
  /** The records of this app. */
  readonly room: Pick<BoardView, 'get'>;
}

/**
 * Whether another instance runs a task of this app, as far as it has told. Of one that has told nothing yet it is supposed; and of
 * an added task that all instances of the app have its handler.
 */
export function runsTask({
  app,
  notices,
  sets,
  room,
}: TaskPeersParts): (instanceId: string, task: string) => boolean {
  return (instanceId, task) => {
    const identity = notices.identityOf(instanceId);
    if (identity === undefined) return true;
    if (identity.app !== app) return false;
    return sets.runs(identity.version, task) !== false || room.get(`${TASK}${task}`) !== undefined;
  };
}
