/** Where votes and locks are kept. The scheduler sees nothing of it but ports. */

import { Logger } from '@nestjs/common';
import type { MemoryConnection } from '../memory/memory-connection.js';
import { MemoryLockProvider } from '../memory/memory-lock-provider.js';
import { MemoryNode } from '../memory/memory-node.js';
import type { StoreNodeStatus, StoreStrength } from '../messages/store-status.js';
import type { BoardNode } from '../protocol/board/board-node.js';
import { type NodeSet, nodeSetOf } from '../protocol/contract/node-set.js';
import type { Clock, LockProvider, Random, TimeSample, VotingNode } from '../protocol/contract/ports.js';
import type { LockGuard } from '../protocol/lease/lock-verdict.js';
import { openRedis } from '../redis/redis-connection.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';

export interface ScheduleBackend {
  readonly nodes: readonly VotingNode[];
  /** Which nodes vote together. */
  readonly set: NodeSet;
  /** The board's side of the same nodes. */
  readonly boards: readonly BoardNode[];
  readonly locks: LockProvider;
  /** From now on a lock counts only from a memory that the guard names. A release goes to every node that answers. */
  guardLocks(guard: LockGuard): void;
  readonly strength: StoreStrength;
  health(): readonly StoreNodeStatus[];
  /** @throws DistributedScheduleError DSCHED_SAME_NODE_TWICE where two entries lead to one master, of those that answer in time */
  verifyDistinct(timeoutMs: number): Promise<void>;
  /** Starts connecting in the background. Until then there is neither a socket nor a timer. A second call does nothing. */
  connect(): void;
  /** Ends every connection that this library has opened. */
  close(): Promise<void>;
}

/** What a backend tells while it lives. */
export interface BackendEvents {
  onTimeSample(sample: TimeSample): void;
  /** Our sign of life is interrupted at the node of this position: others may soon believe that we died. */
  onPresenceLost(position: string): void;
  /** Our sign of life is seen again. */
  onPresenceRestored(): void;
  onProblem(error: unknown, where: string): void;
}

/** How many nodes {@link openBackend} will make. */
export function nodeCountOf(options: ModuleOptions): number {
  return options.redis?.length ?? 1;
}

export async function openBackend(
  options: ModuleOptions,
  clock: Clock,
  random: Random,
  events: BackendEvents,
): Promise<ScheduleBackend> {
  const { redis, protocol, instanceId, nodeSetGeneration, waitReplicas, refuseSkewMs } = options;
  if (redis === undefined) return openMemory(options, clock, random, events);
  return openRedis({
    ...{
      inputs: redis,
      namespace: protocol.namespace,
      instanceId,
      waitReplicas,
      refuseSkewMs,
      clock,
      random,
    },
    generation: nodeSetGeneration,
    options: protocol,
    ...events,
  });
}

function openMemory(
  options: ModuleOptions,
  clock: Clock,
  random: Random,
  events: BackendEvents,
): ScheduleBackend {
  if (!options.isMemoryMeant && options.isKeptAway !== true) {
    new Logger('DistributedSchedule').warn(
      'No `redis` option: the embedded memory backend is used. It coordinates nothing beyond this process, so with ' +
        'several instances every task runs on each of them. Pass `redis` before you scale out, or `memory: true` if you will not.',
    );
  }
  const set = nodeSetOf(['memory'], options.nodeSetGeneration, options.protocol.leaseTtlMs);
  const node = MemoryNode.embedded(clock, set);
  const connection: MemoryConnection = {
    label: 'memory',
    onReply: (nodeTimeMs) => {
      const nowMs = clock.monotonicMs();
      events.onTimeSample({ node: 0, sentMs: nowMs, receivedMs: nowMs, nodeTimeMs });
    },
  };
  const voting = node.connect(connection);
  return {
    nodes: [voting],
    set,
    boards: [node.connectBoard(connection)],
    locks: new MemoryLockProvider([node], random, options.instanceId),
    // The only node is in this process.
    guardLocks: () => undefined,
    strength: 'memory',
    health: () => [{ label: voting.label, answering: true }],
    verifyDistinct: async () => undefined,
    connect: () => undefined,
    close: async () => undefined,
  };
}
