import { Redis } from 'ioredis';
import type { BoardNode } from '../protocol/board/board-node.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { type NodeSet, nodeSetOf, positionOf, SINGLE_POSITION } from '../protocol/contract/node-set.js';
import type { LockProvider, VotingNode } from '../protocol/contract/ports.js';
import type { LockGuard } from '../protocol/lease/lock-verdict.js';
import type { ProtocolOptions } from '../protocol/options/protocol-options.js';
import { type RedisInput, type RedisSource, requireRedisSources } from './connection/redis-input.js';
import { refuseMockedPackage } from './connection/redis-mock.js';
import { RedlockLockProvider } from './locks/redlock.lock-provider.js';
import { RedisBoardNode } from './node/redis-board-node.js';
import type { RedisNode } from './node/redis-node.js';
import { openNodes, type RedisNodesSettings, verifyDistinct } from './node/redis-nodes.js';
import { RedisVotingNode } from './node/redis-voting-node.js';
import { redisKeys } from './scripts/redis-keys.js';

export interface RedisConnectionSettings extends Omit<RedisNodesSettings, 'onPresenceLost'> {
  /** The node of this position may not see this instance any more. */
  readonly onPresenceLost: (position: string) => void;
  readonly options: Pick<ProtocolOptions, 'nodeTimeoutMs' | 'leaseTtlMs'>;
  /** One node, or an odd number of independent masters; an even one while the set is being changed. */
  readonly inputs: readonly RedisInput[];
  readonly namespace: string;
  /** Raised by one with every change of the set of nodes or of the time to live of leases. */
  readonly generation: number;
}

/** One node's health: no host name, no secret. */
export interface RedisNodeHealth {
  readonly label: string;
  readonly answering: boolean;
  readonly problem?: string;
  /** Why it gives no vote, what was measured and what to do, in words. Absent while it votes, or nothing is known yet. */
  readonly why?: string;
  readonly warnings?: readonly string[];
  /** Whether this instance's presence is shown there; never in a Cluster. */
  readonly presence: boolean;
}

export interface RedisConnection {
  readonly nodes: readonly VotingNode[];
  readonly set: NodeSet;
  readonly boards: readonly BoardNode[];
  readonly locks: LockProvider;
  /** From now on run locks count of those memories only that the guard names. Releases go to every node that answers. */
  guardLocks(guard: LockGuard): void;
  /**
   * `quorum`: a majority of masters decides, and a minority may fail. `single`: one master; without it, no ticks.
   * `best_effort`: Sentinel or Cluster, where a failover can lose a grant and so double a tick.
   */
  readonly strength: 'quorum' | 'single' | 'best_effort';
  /**
   * Compares the servers that answer in time. One that comes up later gets no vote if it votes already.
   * @throws DistributedScheduleError DSCHED_SAME_NODE_TWICE
   */
  verifyDistinct(timeoutMs: number): Promise<void>;
  health(): readonly RedisNodeHealth[];
  /** Starts connecting in the background. A second call does nothing, nor does one after {@link close}. */
  connect(): void;
  /** Ends every connection that was opened here. Clients of the caller stay as they are. */
  close(): Promise<void>;
}

/**
 * An app starts without its stores: its ticks are `no_quorum` until they are back.
 * @throws DistributedScheduleError DSCHED_BAD_REDIS, DSCHED_EVEN_NODES, DSCHED_SAME_NODE_TWICE, DSCHED_BAD_OPTION
 */
export function connectRedis(settings: RedisConnectionSettings): RedisConnection {
  const connection = openRedis(settings);
  connection.connect();
  return connection;
}

/** The same, without a socket or a timer until `connect` is called: an app that is only built leaves nothing to close. */
export function openRedis(settings: RedisConnectionSettings): RedisConnection {
  refuseMockedPackage(Redis);
  const sources = requireRedisSources(settings.inputs, settings.generation);
  requireWaitReplicas(settings.waitReplicas ?? 0, sources.length);
  const keys = redisKeys(settings.namespace);
  const { generation, instanceId, clock, options } = settings;
  const addresses = sources.map(({ address }) => address.identity);
  const positions = addresses.length === 1 ? [SINGLE_POSITION] : addresses.map(positionOf);
  const positionAt = ({ index }: Pick<RedisNode, 'index'>): string => positions[index] ?? SINGLE_POSITION;
  const nodes = openNodes(sources, keys, {
    ...settings,
    onPresenceLost: (index) => settings.onPresenceLost(positionAt({ index })),
  });
  let guard: LockGuard | undefined;
  let isUnused = true;
  return {
    nodes: nodes.map((node) => new RedisVotingNode(node, keys, positionAt(node))),
    set: nodeSetOf(addresses, generation, options.leaseTtlMs),
    boards: nodes.map((node) => new RedisBoardNode(node, keys)),
    locks: new RedlockLockProvider({
      ...{ nodes, keys, instanceId, clock },
      positionOf: positionAt,
      ids: () => guard?.namedIds(),
      onRenamed: (node, ids) => guard?.lockRefused(positionAt(node), ids),
    }),
    guardLocks: (given) => {
      guard = given;
    },
    strength: strengthOf(sources),
    verifyDistinct: (timeoutMs) => verifyDistinct(nodes, clock, timeoutMs),
    health: () => nodes.map(healthOf),
    connect: () => {
      if (!isUnused) return;
      isUnused = false;
      for (const node of nodes) node.start();
    },
    close: async () => {
      isUnused = false;
      for (const node of nodes) node.close();
    },
  };
}

/** Sentinel and Cluster fail over to a replica that may lack the newest grants, whatever their number. */
function strengthOf(sources: readonly RedisSource[]): RedisConnection['strength'] {
  if (sources.some((source) => source.kind !== 'plain')) return 'best_effort';
  return sources.length === 1 ? 'single' : 'quorum';
}

function healthOf(node: RedisNode): RedisNodeHealth {
  const { warnings } = node;
  return {
    label: node.label,
    answering: node.isAnswering,
    presence: node.presence?.isSubscribed === true,
    ...(node.problem === undefined ? {} : { problem: node.problem.code }),
    ...(node.why === undefined ? {} : { why: node.why }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function requireWaitReplicas(waitReplicas: number, nodeCount: number): void {
  if (!Number.isInteger(waitReplicas) || waitReplicas < 0 || (waitReplicas > 0 && nodeCount > 1)) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option waitReplicas is ${waitReplicas} with ${nodeCount} nodes; it takes a whole number, and only with one node`,
      { value: waitReplicas },
    );
  }
}
