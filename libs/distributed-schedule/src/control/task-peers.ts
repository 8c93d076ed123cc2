/**
 * Which of the live instances run a task. All instances of a namespace are members, those of other apps and those without the
 * task, too. One of these in front of the others would delay every tick by its turn, and nobody would tell what it is to tell.
 */

import { TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { InstanceNotices } from '../protocol/board/instance-notices.js';
import { isEligible } from '../protocol/members/ranking.js';
import type { PlannedTask } from './planned-task.js';
import type { SetsOnBoard } from './sets-on-board.js';

/** What is seen of other instances. */
interface Seen {
  readonly notices: Pick<InstanceNotices, 'identityOf'>;
  readonly sets: Pick<SetsOnBoard, 'runs'>;
  /** The records of this app. */
  readonly room: Pick<BoardView, 'get'>;
}

/**
 * Whether another instance runs a task of this app, as far as it has told. Of one that has told nothing yet it is supposed; and of
 * an added task that all instances of the app have its handler.
 */
export function runsTask(
  app: string,
  { notices, sets, room }: Seen,
): (instanceId: string, task: string) => boolean {
  return (instanceId, task) => {
    const identity = notices.identityOf(instanceId);
    if (identity === undefined) return true;
    if (identity.app !== app) return false;
    return sets.runs(identity.version, task) !== false || room.get(`${TASK}${task}`) !== undefined;
  };
}

/** The instance that asks. */
interface Own {
  readonly instanceId: string;
  readonly app: string;
  readonly labels: readonly string[];
  readonly protocol: { readonly enabled: boolean };
  /** Undefined where it has no nodes and sees no other process. */
  readonly redis: unknown;
}

/**
 * For a trigger, which an instance that runs nothing may ask for.
 * @returns per task, why nobody would run it; undefined where somebody would, as far as this instance sees
 */
export function whyNobodyRuns(
  own: Own,
  seen: Seen & { readonly notices: Pick<InstanceNotices, 'present' | 'labelsOf'> },
): (task: PlannedTask) => string | undefined {
  const { notices } = seen;
  const peerRuns = runsTask(own.app, seen);
  return ({ name, task }) => {
    const here = whyNotHere(own, task?.placement?.runOn ?? [], isEligible(task?.placement, own.labels));
    if (here === undefined) return undefined;
    const isElsewhere = notices
      .present()
      .some(
        (id) =>
          id !== own.instanceId &&
          peerRuns(id, name) &&
          isEligible(task?.placement, notices.labelsOf(id) ?? []),
      );
    if (isElsewhere) return undefined;
    const others =
      own.redis === undefined
        ? 'without `redis` it sees no other process'
        : `it sees no other instance of app '${own.app}' that would run it`;
    return `${here}, and ${others}`;
  };
}

function whyNotHere(
  { protocol }: Own,
  runOn: readonly string[],
  isEligibleHere: boolean,
): string | undefined {
  if (!protocol.enabled) return 'this instance runs no tasks, as its option enabled is false';
  return isEligibleHere
    ? undefined
    : `this instance has not the labels that the task asks for (${runOn.join(', ')})`;
}
