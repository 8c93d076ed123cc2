import { MemoryLockProvider } from '../memory/memory-lock-provider.js';
import { MemoryNode } from '../memory/memory-node.js';
import type { InstanceDirectory } from '../protocol/audit/audit-source.js';
import { ClusterClock } from '../protocol/cluster-clock.js';
import { MakeshiftElectorate, setOfNodes } from '../protocol/electorate/makeshift-electorate.js';
import type { ScheduleEvent } from '../protocol/observer.js';
import { type ProtocolOptions, resolveProtocolOptions } from '../protocol/options.js';
import type { Clock, LockProvider, Membership, TickLedger, VotingNode } from '../protocol/ports.js';
import { QuorumMembership } from '../protocol/quorum-membership.js';
import { QuorumTickLedger } from '../protocol/quorum-tick-ledger.js';
import { Scheduler } from '../protocol/scheduler.js';
import type { ScheduledTask } from '../protocol/tick-context.js';
import { idempotencyKey } from '../system/idempotency-key.js';
import { ManualClock } from './manual-clock.js';
import { SeededRandom } from './seeded-random.js';

export interface MemoryClusterOptions {
  /** Odd number of voting nodes; default 3. */
  readonly nodes?: number;
  readonly seed?: number;
  /** How far each node's clock is off, ms. May be changed at any time. */
  readonly nodeSkews?: readonly { offsetMs: number }[];
  readonly options?: Partial<ProtocolOptions>;
}

/** What a member of the cluster may have of its own. */
export interface JoinOptions {
  /** How far its wall clock is off, ms. May be changed while it runs. */
  readonly skew?: { offsetMs: number };
  /** Its labels, which every other member knows at once. Default: none. */
  readonly labels?: readonly string[];
  /** Put between the scheduler and its ports, to break them. */
  readonly wrapLocks?: (locks: LockProvider) => LockProvider;
  readonly wrapLedger?: (ledger: TickLedger) => TickLedger;
  readonly wrapMembership?: (membership: Membership) => Membership;
  readonly wrapNode?: (node: VotingNode, index: number) => VotingNode;
  readonly wrapClock?: (clock: Clock) => Clock;
  /** What it knows about other instances beside who is alive. Default: nothing. */
  readonly directory?: InstanceDirectory;
  /** Told every event as it happens. */
  readonly onEvent?: (event: ScheduleEvent) => void;
}

export interface Member {
  readonly id: string;
  readonly scheduler: Scheduler;
  readonly events: readonly ScheduleEvent[];
}

/** Several instances of the real scheduler over nodes in memory, on a clock that a test moves by hand. */
export class MemoryCluster {
  readonly clock = new ManualClock();
  readonly nodes: readonly MemoryNode[];
  readonly members: Member[] = [];
  /** By instance id. A test may change what the members know. */
  readonly labels = new Map<string, readonly string[]>();
  private readonly random: SeededRandom;
  private readonly options: ProtocolOptions;

  constructor({ nodes = 3, seed = 1, nodeSkews = [], options = {} }: MemoryClusterOptions = {}) {
    this.random = new SeededRandom(seed);
    this.options = resolveProtocolOptions(options);
    const positions = Array.from({ length: nodes }, (_, index) => positionOf(index));
    const set = { generation: 1, positions: [...positions].sort(), leaseTtlMs: this.options.leaseTtlMs };
    this.nodes = positions.map((position, index) =>
      MemoryNode.standing(this.clock.skewed(nodeSkews[index] ?? { offsetMs: 0 }), set, position),
    );
  }

  /** Adds an instance with these tasks and starts it. */
  join(tasks: readonly ScheduledTask[], given: JoinOptions = {}): Member {
    const id = `instance-${this.members.length + 1}`;
    this.labels.set(id, given.labels ?? []);
    const machine = given.skew === undefined ? this.clock : this.clock.skewed(given.skew);
    const clock = given.wrapClock?.(machine) ?? machine;
    const clusterClock = new ClusterClock(clock, this.nodes.length);
    const nodes = this.nodes.map((node, index) => this.connect(node, index, clusterClock, given));
    const events: ScheduleEvent[] = [];
    const locks = new MemoryLockProvider(this.nodes, this.random, id);
    const electorate = new MakeshiftElectorate(nodes, setOfNodes(nodes, this.options.leaseTtlMs));
    const ledger = new QuorumTickLedger(nodes, electorate);
    const membership = new QuorumMembership(nodes, electorate);
    const scheduler = new Scheduler({
      instanceId: id,
      nodes: nodes.length,
      options: this.options,
      clock,
      random: this.random,
      clusterClock,
      locks: given.wrapLocks?.(locks) ?? locks,
      ledger: given.wrapLedger?.(ledger) ?? ledger,
      membership: given.wrapMembership?.(membership) ?? membership,
      ...(given.directory !== undefined && { directory: given.directory }),
      labelsOf: (asked) => this.labels.get(asked) ?? [],
      observer: {
        observe: (event) => {
          events.push(event);
          given.onEvent?.(event);
        },
      },
      idempotencyKey: (task, tick) => idempotencyKey(this.options.namespace, task, tick),
    });
    for (const task of tasks) scheduler.add(task);
    scheduler.start();
    const member: Member = { id, scheduler, events };
    this.members.push(member);
    return member;
  }

  private connect(
    node: MemoryNode,
    index: number,
    clusterClock: ClusterClock,
    given: JoinOptions,
  ): VotingNode {
    const connected = node.connect({
      label: `node ${index + 1}`,
      position: positionOf(index),
      onReply: (nodeTimeMs) => {
        const nowMs = this.clock.monotonicMs();
        clusterClock.observe({ node: index, sentMs: nowMs, receivedMs: nowMs, nodeTimeMs });
      },
    });
    return given.wrapNode?.(connected, index) ?? connected;
  }
}

function positionOf(index: number): string {
  return `n${index + 1}`;
}
