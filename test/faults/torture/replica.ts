/** A process under torture: one instance per set of masters. Started by torture-run.ts, and ended with it. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import type { RedisInput } from '#src/redis/connection/redis-input.js';
import { connectRedis, type RedisConnection } from '#src/redis/redis-connection.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { connectorTo } from '../../support/faults/connector-to.js';
import { Bidder, OPTIONS } from './bidder.js';
import type { FromReplica, ReplicaPlan, SetAddress } from './messages.js';
import { PlainElectorate } from './plain-electorate.js';
import { roughNode } from './rough-node.js';
import { StartPen } from './start-record.js';

const CONNECT_WITHIN_MS = 60_000;
const POLL_EVERY_MS = 10;
/** Servers that are killed twice a second on a busy machine are slow now and then; a claim may wait for them. */
const NODE_TIMEOUT_MS = 120;

/** The start of a tick need not be exact here, and the exact one costs a millisecond of CPU each. */
class PlainClock extends SystemClock {
  override wakeExactlyAt(monotonicMs: number): Promise<void> {
    return this.sleepUntil(monotonicMs);
  }
}

const plan = JSON.parse(process.argv[2] ?? '{}') as ReplicaPlan;
const clock = new PlainClock();
const pen = new StartPen(plan.recordFile);
const systemRandom = new SystemRandom();

/** Whoever listens may be gone already; the record of starts is a file and needs nobody. */
function tell(message: FromReplica): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

interface Instance {
  readonly connection: RedisConnection;
  readonly electorate: PlainElectorate;
  readonly bidder: Bidder;
}

function openInstance({ set, urls, ways = [] }: SetAddress, seed: number): Instance {
  const clusterClock = new ClusterClock(clock, urls.length);
  const connection = connectRedis({
    inputs: urls.map((url, node) => inputBy(url, ways[node])),
    namespace: OPTIONS.namespace,
    instanceId: plan.replica,
    generation: 1,
    options: { leaseTtlMs: OPTIONS.leaseTtlMs, nodeTimeoutMs: NODE_TIMEOUT_MS },
    clock,
    random: systemRandom,
    onTimeSample: (sample) => clusterClock.observe(sample),
    onPresenceLost: () => undefined,
    onPresenceRestored: () => undefined,
    onProblem: (error) => tell({ kind: 'trouble', what: error.message }),
  });
  const seeded = new SeededRandom(seed);
  const nodes = connection.nodes.map((node, index) => watched(set, node, index, seeded));
  const electorate = new PlainElectorate(nodes, connection.set, plan.replica);
  const bidder = new Bidder({
    instanceId: plan.replica,
    clock,
    clusterClock,
    // What is done is seeded; ids are not, for a claim id must never come twice.
    random: { next: () => seeded.next(), id: () => systemRandom.id() },
    ledger: new QuorumTickLedger(nodes, electorate),
    handler: ({ task, tick }) => pen.write({ set, task, tick, replica: plan.replica, atMs: Date.now() }),
    onTrouble: (what) => tell({ kind: 'trouble', what }),
  });
  return { connection, electorate, bidder };
}

/** All replicas name a node alike; which way they go is theirs. */
function inputBy(url: string, way: number | undefined): RedisInput {
  if (way === undefined) return url;
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), Connector: connectorTo(way) };
}

function watched(set: string, node: VotingNode, index: number, random: SeededRandom): VotingNode {
  const { replica } = plan;
  return roughNode({
    node,
    random,
    onVote: ({ task, tick }, { kind }) => {
      if (kind === 'granted' || kind === 'quarantined' || kind === 'unconfirmed')
        tell({ kind: 'vote', vote: kind, replica, set, node: index, task, tick });
    },
  });
}

/** By asking them: a node whose first handshake timed out shakes hands again with the next call. */
async function untilAllVote(instances: readonly Instance[]): Promise<void> {
  const deadlineMs = clock.monotonicMs() + CONNECT_WITHIN_MS;
  for (;;) {
    const waiting = instances.filter(({ electorate }) => !electorate.isUp);
    if (waiting.length === 0) return;
    if (clock.monotonicMs() > deadlineMs) throw new Error('the masters do not answer and vote');
    await Promise.all(waiting.map(({ electorate }) => electorate.mend()));
    await sleep(POLL_EVERY_MS);
  }
}

const instances = plan.sets.map((address, index) => openInstance(address, plan.seed + index));
// The channel closes when the run is over, and also when the process that runs it dies.
process.once('disconnect', () => {
  for (const { bidder } of instances) bidder.stop();
});
await untilAllVote(instances);
tell({ kind: 'ready' });
await Promise.all(instances.map(({ bidder }) => bidder.run()));
await Promise.all(instances.map(({ connection }) => connection.close()));
process.exit(0);
