/** Instances of one task, and the connection of one of them. */

import type { LockProvider, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { type JoinOptions, MemoryCluster } from '#src/testing/memory-cluster.js';
import { taskOf } from '../../../support/tasks.js';
import { aroundNode, severable } from '../../../support/wrapped-node.js';

/** New nodes abstain from locks for one time to live; afterwards the cluster is in its stride. */
export const SETTLED_MS = 6_000;
export const SECOND_MS = 1_000;

/** A cluster whose handlers write down their runs, like an independent witness. */
export function setUp(instances: number, joining: (index: number) => JoinOptions = () => ({})) {
  const cluster = new MemoryCluster();
  const runs: TickContext[] = [];
  const startedMs: number[] = [];
  const task = taskOf((tick) => {
    runs.push(tick);
    startedMs.push(cluster.clock.wallMs());
  });
  const members = Array.from({ length: instances }, (_, index) => cluster.join([task], joining(index)));
  const ticks = () => runs.map((run) => run.tick);
  const worstLatenessMs = () => Math.max(...runs.map((run, index) => (startedMs[index] ?? 0) - run.tick));
  return { cluster, runs, members, ticks, worstLatenessMs };
}

/** The connection of an instance, to be cut by the test. */
export function cuttable() {
  const state = { isCut: false };
  const cut = async (): Promise<NodeReply<never>> => ({ answered: false, reason: 'cut' });
  const wrapNode = (node: VotingNode): VotingNode => aroundNode(node, (ask) => (state.isCut ? cut() : ask()));
  const wrapLocks = (locks: LockProvider): LockProvider => severable(locks, () => state.isCut);
  return { state, joining: { wrapNode, wrapLocks } satisfies JoinOptions };
}
