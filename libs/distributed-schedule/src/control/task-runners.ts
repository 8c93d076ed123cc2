/** True if a live instance would run the task now. Asked before a trigger, perhaps by an instance that runs nothing. */

import type { InstanceNotices } from '../protocol/board/instance-notices.js';
import { isEligible } from '../protocol/members/ranking.js';
import type { PlannedTask } from './planned-task.js';
import { runsTask, type TaskPeersParts } from './task-peers.js';

/** The instance that asks. */
interface Own {
  readonly instanceId: string;
  readonly app: string;
  readonly labels: readonly string[];
  readonly protocol: { readonly enabled: boolean };
  /** Undefined where it has no nodes and sees no other process. */
  readonly redis: unknown;
}

interface Seen extends Pick<TaskPeersParts, 'sets' | 'room'> {
  readonly notices: Pick<InstanceNotices, 'identityOf' | 'present' | 'labelsOf'>;
}

/** @returns per task, why nobody would run it; undefined where somebody would, as far as this instance sees */
export function whyNobodyRuns(own: Own, seen: Seen): (task: PlannedTask) => string | undefined {
  const { notices } = seen;
  const peerRuns = runsTask({ app: own.app, ...seen });
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
