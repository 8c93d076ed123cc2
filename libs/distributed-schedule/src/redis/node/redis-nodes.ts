import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import type { Clock, Random, TimeSample } from '../../protocol/contract/ports.js';
import { type ProtocolOptions, RENEWALS_PER_TTL } from '../../protocol/options/protocol-options.js';
import { CallPatience } from '../../protocol/time/call-patience.js';
import { within } from '../../protocol/time/within.js';
import { isTls, type RedisSource } from '../connection/redis-input.js';
import {
  type ConnectionSettings,
  openConnection,
  type StrictConnection,
} from '../connection/strict-connection.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import { ServerRegister } from './node-problem.js';
import { NodeTrouble } from './node-trouble.js';
import { RedisNode } from './redis-node.js';
import { RedisPresence } from './redis-presence.js';
import type { NodeUse } from './store-handshake.js';

export interface RedisNodesSettings {
  readonly instanceId: string;
  readonly options: Pick<ProtocolOptions, 'nodeTimeoutMs' | 'leaseTtlMs'>;
  /** With one node only: replicas that must acknowledge a grant before it counts. Default 0. */
  readonly waitReplicas?: number;
  /** With one node only: a difference between its clock and this machine's from which on it gives no vote. Default: none. */
  readonly refuseSkewMs?: number | undefined;
  readonly clock: Clock;
  readonly random: Pick<Random, 'next'>;
  readonly onTimeSample: (sample: TimeSample) => void;
  /** A node may take this instance for dead: do not rely on what is held for much longer. */
  readonly onPresenceLost: (index: number) => void;
  /** A node sees this instance again after it may have taken it for dead: renew what is held. */
  readonly onPresenceRestored: () => void;
  /** A node is up and gives no vote, with one of the codes of a `NodeProblem`. */
  readonly onProblem: (error: DistributedScheduleError, where: string) => void;
}

/** Slow nodes are waited for up to so many times nodeTimeoutMs, and this share of the time between two renewals. */
const MAX_PATIENCE = 3;
const RENEWAL_SHARE = 0.9;

/** Longer than nodeTimeoutMs: a late reply tells how slow the node is, and a slow node is not reconnected to all the time. */
const PATIENCE_MS = 1_000;

export function openNodes(
  sources: readonly RedisSource[],
  keys: RedisKeys,
  settings: RedisNodesSettings,
): readonly RedisNode[] {
  const register = new ServerRegister();
  const isAlone = sources.length === 1;
  const { nodeTimeoutMs: leastMs } = settings.options;
  const patience = new CallPatience(sources.length, { leastMs, mostMs: mostPatienceMs(settings.options) });
  const shared = { ...settings, isAlone, patience };
  return sources.map((source, index) => openNode(source, index, keys, register, shared));
}

/**
 * Waits for a first contact with every node, but no longer than allowed, and compares the servers that were met.
 * @throws DistributedScheduleError DSCHED_SAME_NODE_TWICE
 */
export async function verifyDistinct(
  nodes: readonly RedisNode[],
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const met = Promise.all(nodes.map((node) => node.firstContact));
  await within(clock, clock.monotonicMs() + timeoutMs, met, undefined);
  for (const { problem, index } of nodes) {
    if (problem?.code === 'DSCHED_SAME_NODE_TWICE') {
      throw new DistributedScheduleError(problem.code, problem.message, { value: index });
    }
  }
}

function openNode(
  source: RedisSource,
  index: number,
  keys: RedisKeys,
  register: ServerRegister,
  settings: RedisNodesSettings & Pick<NodeUse, 'isAlone'> & { readonly patience: CallPatience },
): RedisNode {
  const { clock, random, instanceId, onTimeSample, onPresenceLost, onPresenceRestored } = settings;
  const { nodeTimeoutMs } = settings.options;
  const label = `node ${index + 1}`;
  const terms = { clock, nodeTimeoutMs, isTls: isTls(source) };
  const trouble = new NodeTrouble(terms);
  const open = (role: string, given: Partial<ConnectionSettings>): StrictConnection =>
    openConnection(source, {
      connectionName: `nestjs-distributed-schedule:${role}`,
      commandTimeoutMs: Math.max(nodeTimeoutMs, PATIENCE_MS),
      clock,
      random,
      ...given,
    });
  const connection = open('votes', { onGreeting: (greeting) => trouble.greeted(greeting) });
  const openPresence = (): RedisPresence => {
    const presenceTrouble = new NodeTrouble(terms);
    const own = open('presence', {
      mayRetry: () => connection.isDependable,
      onGreeting: (greeting) => presenceTrouble.greeted(greeting),
    });
    const told = { onLost: () => onPresenceLost(index), onRestored: onPresenceRestored };
    return new RedisPresence(own, keys.presence(instanceId), { clock, trouble: presenceTrouble, ...told });
  };
  const waitReplicas = settings.waitReplicas ?? 0;
  return new RedisNode({
    index,
    label,
    trouble,
    connection,
    // A Cluster counts subscribers per server, so presence would depend on which one is asked.
    ...(source.kind !== 'cluster' && { presence: openPresence() }),
    register,
    clock,
    random,
    patience: settings.patience,
    waitReplicas,
    keys,
    use: { isPlain: source.kind === 'plain', isAlone: settings.isAlone, waitReplicas },
    refuseSkewMs: settings.refuseSkewMs,
    onTimeSample,
    onProblem: ({ code, message }) => settings.onProblem(new DistributedScheduleError(code, message), label),
  });
}

/** A lease is renewed thrice in its life, and one call that ends in time has to be enough. */
function mostPatienceMs({ nodeTimeoutMs, leaseTtlMs }: RedisNodesSettings['options']): number {
  return Math.min(MAX_PATIENCE * nodeTimeoutMs, (leaseTtlMs / RENEWALS_PER_TTL) * RENEWAL_SHARE);
}
