/** Whether an instance has come up, for the probe that lets a rollout go on. Pure. */

import { type StoreStatus, sentencesOf } from '../messages/store-status.js';
import { quorumOf } from '../protocol/contract/quorum.js';
import type { SchedulerState, SchedulerStatus } from '../protocol/scheduler/scheduler-parts.js';

/** What a health page shows of a start: no host names of stores, no secrets. */
export interface StartDetails extends Record<string, unknown> {
  readonly state: SchedulerState;
  /** Why it has not come up. Empty when it has. */
  readonly waitsFor: readonly string[];
  readonly store: StoreStatus;
}

export function startOf(status: SchedulerStatus, store: StoreStatus): StartDetails {
  return { state: status.state, waitsFor: hindrancesOf(status, store), store };
}

function hindrancesOf(status: SchedulerStatus, store: StoreStatus): readonly string[] {
  const { state, nodeSet } = status;
  if (state === 'fenced' || nodeSet?.condition === 'outdated')
    return ['a newer generation of the node set is in use, so this instance never bids'];
  if (!hasReachedMajority(status, store)) {
    const answering = store.nodes.filter((node) => node.answering).length;
    const silent = store.nodes.filter((node) => !node.answering || node.problem !== undefined);
    return [`no quorum yet: ${answering} of ${store.nodes.length} nodes answer`, ...sentencesOf(silent)];
  }
  // Also while it only waits: what it waits for may turn out to be another set that goes on, and then the gate would be open.
  const isOut = state === 'running' && nodeSet !== undefined && nodeSet.condition !== 'bids';
  return isOut ? [`this instance does not bid: ${nodeSet.detail}`] : [];
}

/** An instance that runs nothing sends no beats: that a majority is connected is all that it can know. */
function hasReachedMajority({ state, hadQuorum }: SchedulerStatus, { nodes }: StoreStatus): boolean {
  if (hadQuorum) return true;
  return state === 'idle' && nodes.filter(({ answering }) => answering).length >= quorumOf(nodes.length);
}
