/** A week of cron ticks on the production scheduler, in virtual time: instances, servers and a network between them. */

import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { resolveProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { Scheduler } from '#src/protocol/scheduler/scheduler.js';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { History, type Violation } from '../watch/history.js';
import { EPOCH_MS, Machine } from '../world/machine.js';
import { nameOf } from '../world/names.js';
import { Network, type NetworkOptions } from '../world/network.js';
import { NetworkedLocks } from '../world/networked-locks.js';
import type { Resident } from '../world/resident.js';
import { Server } from '../world/server.js';
import { VirtualTime } from '../world/virtual-time.js';
import { connectNode } from '../world/watched-node.js';
import { busyStretches, type Stretch } from './busy-stretches.js';
import { RememberedSchedule } from './remembered-schedule.js';
import type { WeekFault, WeekPlan } from './week-plan.js';

const LAN: NetworkOptions = {
  leastDelayMs: 0.1,
  mostDelayMs: 2,
  slowShare: 0.002,
  mostSlowMs: 300,
  lossShare: 0.001,
  doubleShare: 0.002,
  overtakeShare: 0.002,
};
const MAX_DRIFT = 0.0001;
const MAX_WALL_OFFSET_MS = 5_000;
const MAX_SERVER_OFFSET_MS = 5;
/** Instances and servers are there for so long before the first tick. */
const WARM_UP_MS = 30_000;
/** What is due last has ended so long after the end. */
const COOL_DOWN_MS = 40_000;
const MAX_HANDLER_MS = 50;
const IDENTITY_WAIT_MS = 30_000;

export interface WeekResult {
  readonly plan: WeekPlan;
  /** By task: the ticks at which a handler was called, in that order. */
  readonly runs: ReadonlyMap<string, readonly number[]>;
  readonly violations: readonly Violation[];
  readonly counters: ReadonlyMap<string, number>;
}

/** @param isIdleSkipped whether the time in which nothing is due and nothing breaks is left out */
export async function runWeek(
  plan: WeekPlan,
  instances: number,
  servers: number,
  isIdleSkipped: boolean,
): Promise<WeekResult> {
  return new WeekWorld(plan, instances, servers, isIdleSkipped).run();
}

/** What the witnesses of the other worlds are told: here the runs alone are looked at. */
const nothing = (): void => undefined;

class WeekWorld {
  private readonly time = new VirtualTime();
  private readonly random: SeededRandom;
  private readonly options = resolveProtocolOptions({});
  private readonly history = new History(
    () => this.time.nowMs,
    false,
    () => this.time.halt(),
  );
  private readonly network: Network;
  private readonly servers: readonly Server[];
  private readonly machines: Machine[] = [];
  private readonly alive = new Map<string, Machine>();
  private readonly electorates = new Map<string, Electorate>();
  private readonly runs = new Map<string, number[]>();
  private readonly schedules: ReadonlyMap<string, RememberedSchedule>;
  private joined = 0;

  constructor(
    private readonly plan: WeekPlan,
    private readonly instances: number,
    servers: number,
    private readonly isIdleSkipped: boolean,
  ) {
    this.random = new SeededRandom(plan.seed);
    this.network = new Network(this.time, this.random, LAN);
    this.servers = Array.from({ length: servers }, (_, index) => {
      const options = {
        index,
        rate: 1,
        offsetMs: this.spread(MAX_SERVER_OFFSET_MS),
      };
      return new Server(this.time, options, this.history);
    });
    this.schedules = new Map(
      plan.tasks.map(({ name, cronTime, timeZone }) => [
        name,
        new RememberedSchedule(new CronSchedule(name, { kind: 'cron', cronTime, timeZone })),
      ]),
    );
  }

  async run(): Promise<WeekResult> {
    const { time, plan } = this;
    const [start, end] = [plan.startMs - EPOCH_MS, plan.endMs - EPOCH_MS];
    // Nothing is there before.
    await time.runUntil(start - WARM_UP_MS);
    for (let index = 0; index < this.instances; index += 1) this.join(index);
    for (const fault of plan.faults) {
      time.schedule(fault.atMs - EPOCH_MS - time.nowMs, () => this.strike(fault));
    }
    if (this.isIdleSkipped) for (const stretch of busyStretches(plan)) await this.live(stretch);
    await time.runUntil(end + COOL_DOWN_MS);
    const { violations, counters } = this.history;
    return { plan, runs: this.runs, violations, counters };
  }

  /**
   * Idle time before a stretch is skipped, as if all machines and servers had been stopped and gone on together; only the last
   * of the beats that would have come is made up for. Ordinary life begins again some seconds before anything happens.
   */
  private async live({ fromMs, untilMs }: Stretch): Promise<void> {
    const { time } = this;
    if (fromMs - EPOCH_MS > time.nowMs) {
      this.history.count('skipped ms', fromMs - EPOCH_MS - time.nowMs);
      time.skipTo(fromMs - EPOCH_MS);
      const alive = [...this.alive].filter(([, machine]) => !machine.isDead).map(([id]) => id);
      for (const server of this.servers) {
        const node = server.connect(nameOf(server.position));
        await Promise.all(alive.map((id) => this.beatOnce(id, node)));
      }
    }
    await time.runUntil(untilMs - EPOCH_MS);
  }

  private async beatOnce(id: string, node: VotingNode): Promise<void> {
    const electorate = this.electorates.get(id);
    if (electorate !== undefined) await node.beat(id, electorate.sendBeat().sign, []);
  }

  private join(place: number): void {
    this.joined += 1;
    const machine = new Machine(this.time, {
      rate: 1 + this.spread(MAX_DRIFT),
      wallOffsetMs: this.spread(MAX_WALL_OFFSET_MS),
    });
    this.machines[place] = machine;
    const id = `i${this.joined}`;
    this.alive.set(id, machine);
    const scheduler = this.buildScheduler(id, machine);
    for (const task of this.tasksFor(machine)) scheduler.add(task);
    scheduler.start();
  }

  private buildScheduler(id: string, machine: Machine): Scheduler {
    const resident: Resident = {
      id,
      generation: 1,
      machine,
      isOfOther: false,
      connections: this.servers.map((server) => ({
        position: server.position,
        name: nameOf(server.position),
        server,
        moves: 0,
        onBack: () => {},
      })),
      clusterClock: new ClusterClock(machine, this.servers.length),
      won: new Set(),
      claimed: new Set(),
      retired: { sinceMs: Number.POSITIVE_INFINITY },
      isRetired: () => false,
      unseenBy: new Set(),
      reach: () => undefined,
    };
    const { options, network, history, random } = this;
    const claims = { asked: nothing, voted: nothing, forgot: nothing, stamped: nothing, raised: nothing };
    const giveUps = { grants: nothing, forgot: nothing, lost: nothing };
    const progress = { refusedForIds: nothing };
    const watched = {
      options,
      network,
      claims,
      giveUps,
      progress,
      history,
      reconnect: nothing,
      onReply: nothing,
    };
    const nodes = resident.connections.map((connection) => connectNode(watched, connection, resident));
    const observe = (event: ScheduleEvent): void => {
      if (event.type === 'tick') history.count(event.report.outcome);
      if (event.type === 'error') history.fail('no error inside', `${event.where}: ${String(event.error)}`);
    };
    const positions = nodes.map(({ position }) => position).sort();
    const electorate = new Electorate({
      nodes,
      set: { generation: 1, positions, leaseTtlMs: options.leaseTtlMs },
      app: 'app',
      clock: machine,
      observer: { observe },
      identityWaitMs: IDENTITY_WAIT_MS,
    });
    this.electorates.set(id, electorate);
    return new Scheduler({
      instanceId: id,
      nodes: nodes.length,
      electorate,
      options,
      clock: machine,
      random,
      clusterClock: resident.clusterClock,
      locks: this.locksOf(id, machine),
      ledger: new QuorumTickLedger(nodes, electorate),
      membership: new QuorumMembership(nodes, electorate, 1),
      observer: { observe },
      idempotencyKey: (task, tick) => `${task} ${tick}`,
    });
  }

  private locksOf(instanceId: string, machine: Machine): NetworkedLocks {
    return new NetworkedLocks({
      machine,
      servers: () => this.servers,
      network: this.network,
      random: this.random,
      instanceId,
      isSeenBy: () => true,
      nodeTimeoutMs: this.options.nodeTimeoutMs,
      witness: { bid: nothing, opened: nothing, closed: nothing, granted: nothing, tookOver: nothing },
      releases: { letGo: nothing },
      renewals: { nowMs: () => 0, answered: nothing },
      votesOn: (_server, _asked, _sentMs, decide) => decide(),
      reach: () => undefined,
      onRenewal: nothing,
      onAcquired: nothing,
      onRelease: nothing,
    });
  }

  private tasksFor(machine: Machine): readonly ScheduledTask[] {
    return [...this.schedules].map(([name, schedule]) => ({
      name,
      schedule,
      handler: async ({ tick, signal }) => {
        const runs = this.runs.get(name) ?? [];
        this.runs.set(name, runs);
        runs.push(tick);
        await machine.sleepUntil(machine.monotonicMs() + this.random.next() * MAX_HANDLER_MS, signal);
      },
    }));
  }

  private strike(fault: WeekFault): void {
    const { durationMs } = fault;
    this.history.count(fault.kind);
    if ('server' in fault) {
      const server = this.servers[fault.server];
      if (server === undefined) return;
      if (fault.kind === 'server pause') server.pause(durationMs);
      else {
        server.crash();
        const how = fault.kind === 'server down' ? 'with its memory' : 'empty';
        this.time.schedule(durationMs, () => server.restart(how));
      }
      return;
    }
    const machine = this.machines[fault.instance];
    if (machine === undefined) return;
    if (fault.kind === 'pause') machine.pause(durationMs);
    else if (fault.kind === 'crash') {
      machine.die();
      this.time.schedule(durationMs, () => this.join(fault.instance));
    } else this.cutOff(machine, durationMs);
  }

  private cutOff(machine: Machine, durationMs: number): void {
    const links = this.servers.map((server) => this.network.link(machine, server));
    for (const link of links) {
      link.isRequestCut = true;
      link.isReplyCut = true;
    }
    this.time.schedule(durationMs, () => {
      for (const link of links) link.heal();
    });
  }

  private spread(most: number): number {
    return (this.random.next() * 2 - 1) * most;
  }
}
