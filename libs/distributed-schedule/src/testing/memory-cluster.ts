import { MemoryLockProvider } from '../memory/memory-lock-provider.js';
import { MemoryNode } from '../memory/memory-node.js';
import type { InstanceDirectory } from '../protocol/audit/audit-source.js';
import { QuorumRunInquiries } from '../protocol/audit/run-inquiries.js';
import { type NodeSet, SINGLE_POSITION } from '../protocol/contract/node-set.js';
import type { ScheduleEvent } from '../protocol/contract/observer.js';
import type { Clock, LockProvider, Membership, TickLedger, VotingNode } from '../protocol/contract/ports.js';
import type { ScheduledTask } from '../protocol/contract/tick-context.js';
import { Electorate } from '../protocol/electorate/electorate.js';
import { throughCouriers } from '../protocol/ledger/claim-courier.js';
import { QuorumTickLedger } from '../protocol/ledger/quorum-tick-ledger.js';
import { QuorumMembership } from '../protocol/members/quorum-membership.js';
import { type ProtocolOptions, resolveProtocolOptions } from '../protocol/options/protocol-options.js';
import { Scheduler } from '../protocol/scheduler/scheduler.js';
import type { SchedulerParts } from '../protocol/scheduler/scheduler-parts.js';
import { ClusterClock } from '../protocol/time/cluster-clock.js';
import { idempotencyKey } from '../system/idempotency-key.js';
import { ManualClock } from './manual-clock.js';
import { SeededRandom } from './seeded-random.js';

export interface MemoryClusterOptions {
  /** Odd number of voting nodes; default 3. */
  readonly nodes?: number;
  readonly seed?: number;
  /** How far each node's clock is off. May be changed at any time. */
  readonly nodeSkews?: readonly { offsetMs: number }[];
  readonly options?: Partial<ProtocolOptions>;
  /**
   * The nodes have never been used: they listen for a while before they vote, as brand-new masters do. Default: they are in
   * use, and abstain for a moment like masters that were restarted.
   */
  readonly areNew?: boolean;
}

const IDENTITY_WAIT_MS = 30_000;

/** What a member of the cluster may have of its own. */
export interface JoinOptions {
  /** How far its wall clock is off. May be changed while it runs. */
  readonly skew?: { offsetMs: number };
  /** Its labels, which every other member knows at once. Default: none. */
  readonly labels?: readonly string[];
  /** Which other members it takes to run a task. Default: all run all. */
  readonly runsTask?: (instanceId: string, task: string) => boolean;
  /** Put between the scheduler and its ports, to break them. */
  readonly wrapLocks?: (locks: LockProvider) => LockProvider;
  readonly wrapLedger?: (ledger: TickLedger) => TickLedger;
  readonly wrapMembership?: (membership: Membership) => Membership;
  readonly wrapNode?: (node: VotingNode, index: number) => VotingNode;
  readonly wrapClock?: (clock: Clock) => Clock;
  /** Which nodes it is configured with, by index. Default: all. */
  readonly nodes?: readonly number[];
  /** Default 1. */
  readonly generation?: number;
  readonly leaseTtlMs?: number;
  readonly identityWaitMs?: number;
  readonly takeOver?: string;
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

  constructor({ nodes = 3, seed = 1, nodeSkews = [], options = {}, areNew }: MemoryClusterOptions = {}) {
    this.random = new SeededRandom(seed);
    this.options = resolveProtocolOptions(options);
    const clocks = Array.from({ length: nodes }, (_, index) =>
      this.clock.skewed(nodeSkews[index] ?? { offsetMs: 0 }),
    );
    this.nodes =
      areNew === true
        ? clocks.map((clock) => new MemoryNode(clock))
        : MemoryNode.inUse(clocks, this.setOf(clocks.map((_, index) => index)));
  }

  /** Adds an instance with these tasks and starts it. */
  join(tasks: readonly ScheduledTask[], given: JoinOptions = {}): Member {
    const id = `instance-${this.members.length + 1}`;
    this.labels.set(id, given.labels ?? []);
    const machine = given.skew === undefined ? this.clock : this.clock.skewed(given.skew);
    const clock = given.wrapClock?.(machine) ?? machine;
    const used = given.nodes ?? this.nodes.map((_, index) => index);
    const clusterClock = new ClusterClock(clock, used.length);
    const nodes = throughCouriers(
      used.map((index, order) => this.connect(index, order, used.length, clusterClock, given)),
      { clock, nodeTimeoutMs: this.options.nodeTimeoutMs },
    );
    const events: ScheduleEvent[] = [];
    const observe = (event: ScheduleEvent): void => {
      events.push(event);
      given.onEvent?.(event);
    };
    const ports = { clock, clusterClock, observer: { observe } };
    const scheduler = this.schedulerOf(id, ports, nodes, used, given);
    for (const task of tasks) scheduler.add(task);
    scheduler.start();
    const member: Member = { id, scheduler, events };
    this.members.push(member);
    return member;
  }

  private schedulerOf(
    id: string,
    ports: Pick<SchedulerParts, 'clock' | 'clusterClock' | 'observer'>,
    nodes: readonly VotingNode[],
    used: readonly number[],
    given: JoinOptions,
  ): Scheduler {
    const lockNodes = used.flatMap((index) => this.nodes[index] ?? []);
    const locks = new MemoryLockProvider(
      lockNodes,
      this.random,
      id,
      given.wrapLocks === undefined && given.wrapLedger === undefined && given.wrapNode === undefined
        ? used.map((index) => positionAt(index, used.length))
        : undefined,
    );
    const { clock, observer } = ports;
    const { identityWaitMs = IDENTITY_WAIT_MS, takeOver } = given;
    const electorate = new Electorate({
      ...{ nodes, set: this.setOf(used, given), app: 'app', clock, observer, identityWaitMs, takeOver },
    });
    const ledger = new QuorumTickLedger(nodes, electorate);
    const membership = new QuorumMembership(nodes, electorate);
    return new Scheduler({
      ...ports,
      ...{ instanceId: id, nodes: nodes.length, options: this.options, random: this.random, electorate },
      locks: given.wrapLocks?.(locks) ?? locks,
      ledger: given.wrapLedger?.(ledger) ?? ledger,
      inquiries: new QuorumRunInquiries(nodes, electorate),
      membership: given.wrapMembership?.(membership) ?? membership,
      ...(given.directory !== undefined && { directory: given.directory }),
      ...(given.runsTask !== undefined && { runsTask: given.runsTask }),
      labelsOf: (asked) => this.labels.get(asked) ?? [],
      idempotencyKey: (task, tick) => idempotencyKey(this.options.namespace, task, tick),
    });
  }

  private setOf(
    used: readonly number[],
    { generation = 1, leaseTtlMs = this.options.leaseTtlMs }: JoinOptions = {},
  ): NodeSet {
    const positions = used.map((index) => positionAt(index, used.length)).sort();
    return { generation, positions, leaseTtlMs };
  }

  private connect(
    index: number,
    order: number,
    count: number,
    clusterClock: ClusterClock,
    given: JoinOptions,
  ): VotingNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`the cluster has no node ${index}`);
    const connected = node.connect({
      label: `node ${order + 1}`,
      position: positionAt(index, count),
      callTimeoutMs: this.options.nodeTimeoutMs,
      onReply: (nodeTimeMs) => {
        const nowMs = this.clock.monotonicMs();
        clusterClock.observe({ node: order, sentMs: nowMs, receivedMs: nowMs, nodeTimeMs });
      },
    });
    return given.wrapNode?.(connected, index) ?? connected;
  }
}

/** One node alone is one ledger under whatever name. */
function positionAt(index: number, count: number): string {
  return count === 1 ? SINGLE_POSITION : `n${index + 1}`;
}
