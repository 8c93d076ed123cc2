/**
 * Which live instances run a task. Members of a namespace are also those of other apps and those without the task: in front of the
 * others one of these would delay every tick by its turn.
 */

import { TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { InstanceNotices } from '../protocol/board/instance-notices.js';
import { isEligible } from '../protocol/members/ranking.js';
import type { PlannedTask } from './planned-task.js';
import type { SetsOnBoard } from './sets-on-board.js';

interface Seen {
  readonly notices: Pick<InstanceNotices, 'identityOf'>;
  readonly sets: Pick<SetsOnBoard, 'runs'>;
  readonly room: Pick<BoardView, 'get'>;
}

/** As far as it has told: one that has told nothing, and the handler of an added task, are supposed to be there. */
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

interface Own {
  readonly instanceId: string;
  readonly app: string;
  readonly labels: readonly string[];
  readonly protocol: { readonly enabled: boolean };
  /** Undefined where it has no nodes and sees no other process. */
  readonly redis: unknown;
}

/** Per task, why nobody would run a trigger. Undefined where somebody would, as far as this instance sees. */
export function whyNobodyRuns(
  own: Own,
  seen: Seen & { readonly notices: Pick<InstanceNotices, 'present' | 'labelsOf'> },
): (task: PlannedTask) => string | undefined {
  const { notices } = seen;
  const peerRuns = runsTask(own.app, seen);
  return ({ name, task }) => {
    const here = whyNotHere(own, task?.placement?.runOn ?? [], isEligible(task?.placement, own.labels));
    if (here === undefined) return undefined;
    const isElsewhere = notices.present().some((id) => {
      const isEligibleThere = isEligible(task?.placement, notices.labelsOf(id) ?? []);
      return id !== own.instanceId && peerRuns(id, name) && isEligibleThere;
    });
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
