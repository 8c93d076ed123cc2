/** A simulated world: the production scheduler on machines, a network, servers, and a plan of faults. */

import { createHash } from 'node:crypto';
import { ClusterClock } from '../../../libs/distributed-schedule/src/protocol/cluster-clock.js';
import type { ScheduleEvent } from '../../../libs/distributed-schedule/src/protocol/observer.js';
import {
  type ProtocolOptions,
  resolveProtocolOptions,
} from '../../../libs/distributed-schedule/src/protocol/options.js';
import type {
  Claim,
  ClaimVote,
  LockProvider,
  Membership,
  NodeReply,
  VotingNode,
} from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { QuorumMembership } from '../../../libs/distributed-schedule/src/protocol/quorum-membership.js';
import { QuorumTickLedger } from '../../../libs/distributed-schedule/src/protocol/quorum-tick-ledger.js';
import { Scheduler } from '../../../libs/distributed-schedule/src/protocol/scheduler.js';
import type {
  ScheduledTask,
  TickContext,
} from '../../../libs/distributed-schedule/src/protocol/tick-context.js';
import { SeededRandom } from '../../../libs/distributed-schedule/src/testing/seeded-random.js';
import { History, type Violation } from './history.js';
import { EPOCH_MS, Machine } from './machine.js';
import { Network } from './network.js';
import { NetworkedLocks } from './networked-locks.js';
import { boundStep, type Fault, type Plan } from './plan.js';
import type { HandlerKind, Profile } from './profile.js';
import { Server } from './server.js';
import { VirtualTime } from './virtual-time.js';

export interface WorldResult {
  readonly violations: readonly Violation[];
  readonly counters: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
  /** Ticks that were due while the world lasted, over all tasks. */
  readonly ticks: number;
  readonly simulatedMs: number;
}

interface Instance {
  readonly id: string;
  readonly machine: Machine;
  readonly scheduler: Scheduler;
  /** Ticks that have ended here, by task. */
  readonly ended: Map<string, Set<number>>;
  readonly clusterClock: ClusterClock;
  isFenced: boolean;
  /** The first tick, epoch ms, from which every one must end exactly once. */
  countsFrom: number | undefined;
}

const LIVE_AFTER_MS = 6_000;
const SIGNAL_CHECK_MS = 20;
const BACK_UP_PERIOD_MS = 370;
const EARLIEST_START_MS = -2;
/** A first answer after this finds ticks that were armed without it. */
const EARLY_AGREEMENT_MS = 900;
const FAR_AHEAD_MS = 20_000;

export async function runWorld(plan: Plan, profile: Profile): Promise<WorldResult> {
  const world = new World(plan, profile);
  return world.run();
}

class World {
  private readonly time = new VirtualTime();
  private readonly random: SeededRandom;
  private readonly servers: readonly Server[];
  private readonly network: Network;
  private readonly history: History;
  private readonly options: ProtocolOptions;
  private readonly instances: Instance[] = [];
  private readonly backSoFarMs = new Map<Server, number>();
  /** Restarts that wait for the next grant of their server. */
  private readonly armed = new Map<Server, Extract<Fault, { kind: 'server restarts on a grant' }>>();
  private lateLimitMs = 0;

  constructor(
    private readonly plan: Plan,
    private readonly profile: Profile,
  ) {
    this.random = new SeededRandom(plan.seed);
    this.options = resolveProtocolOptions(profile.options);
    this.lateLimitMs = Math.floor(profile.periodMs * 0.4);
    this.network = new Network(this.time, this.random, profile.network);
    this.history = new History(() => this.time.nowMs, plan.servers, profile.everyInstanceBids);
    this.servers = Array.from(
      { length: plan.servers },
      (_, index) =>
        new Server(
          index,
          this.time,
          this.drift(),
          this.spread(this.lateLimitMs / 5) + (index === 0 && plan.servers > 1 ? plan.firstClockMs : 0),
        ),
    );
  }

  async run(): Promise<WorldResult> {
    for (let index = 0; index < this.plan.instances; index += 1) this.join(1);
    this.backUp();
    for (const fault of this.plan.faults) this.time.schedule(fault.atMs, () => this.strike(fault));
    if (this.profile.healedAtMs < this.profile.durationMs)
      this.time.schedule(this.profile.healedAtMs, () => this.heal());
    this.watchSignals();
    await this.time.runUntil(this.profile.durationMs);
    this.checkEnd();
    const { violations, counters, trace } = this.history;
    const ticks = Math.floor(this.profile.durationMs / this.profile.periodMs) * this.profile.tasks;
    return { violations, counters, trace, ticks, simulatedMs: this.profile.durationMs };
  }

  private drift(): number {
    return 1 + this.spread(0.0005);
  }

  private spread(most: number): number {
    return (this.random.next() * 2 - 1) * most;
  }

  private join(generation: number): void {
    const id = `i${this.instances.length + 1}`;
    const machine = new Machine(this.time, { rate: this.drift(), wallOffsetMs: this.spread(5_000) });
    const clusterClock = new ClusterClock(machine, this.servers.length);
    const nodes = this.servers.map((server) => this.connect(machine, server, clusterClock, generation, id));
    const { random, network, servers } = this;
    const { nodeTimeoutMs } = this.options;
    const ended = new Map<string, Set<number>>();
    const locks = new NetworkedLocks({ machine, servers, network, random, instanceId: id, nodeTimeoutMs });
    const membership = new QuorumMembership(nodes);
    const alone = this.profile.everyInstanceBids;
    const scheduler = new Scheduler({
      instanceId: id,
      nodes: nodes.length,
      options: this.options,
      clock: machine,
      random,
      clusterClock,
      locks: alone ? FREE_LOCKS(random) : locks,
      ledger: new QuorumTickLedger(nodes),
      membership: alone ? onlySelf(membership) : membership,
      observer: { observe: (event) => this.observe(instance, event) },
      idempotencyKey: (task, tick) => createHash('md5').update(`${task} ${tick}`).digest('hex'),
    });
    const instance: Instance = {
      id,
      machine,
      scheduler,
      ended,
      clusterClock,
      isFenced: false,
      countsFrom: undefined,
    };
    for (let index = 0; index < this.profile.tasks; index += 1)
      scheduler.add(this.taskOf(machine, `t${index}`));
    this.instances.push(instance);
    this.history.note(`${id} joins, node set ${generation}`);
    scheduler.start();
  }

  private connect(
    machine: Machine,
    server: Server,
    clusterClock: ClusterClock,
    generation: number,
    id: string,
  ): VotingNode {
    let nodeTimeMs = 0;
    const node = server.connect({ generation, fingerprint: `set ${generation}` }, (readMs) => {
      nodeTimeMs = readMs;
    });
    const ask = async <T>(work: () => Promise<NodeReply<T>>): Promise<NodeReply<T>> => {
      const sentMs = machine.monotonicMs();
      let readMs = 0;
      const reply = await this.network.request(machine, server, this.options.nodeTimeoutMs, () => {
        const answer = work();
        readMs = nodeTimeMs;
        return answer;
      });
      const receivedMs = machine.monotonicMs();
      if (reply.answered)
        clusterClock.observe({ node: server.index, sentMs, receivedMs, nodeTimeMs: readMs });
      return reply;
    };
    return {
      label: node.label,
      claim: (claims) => {
        const instance = this.instances.find((one) => one.id === id);
        if (instance?.isFenced === true) this.history.fail('no bid after a newer node set', id);
        return ask(() => this.vote(server, node, claims));
      },
      giveBack: (claims) => {
        for (const claim of claims) this.history.gaveBack(claim);
        return ask(() => {
          for (const claim of claims) this.history.forgotten(server, claim);
          return node.giveBack(claims);
        });
      },
      peek: (tasks) => ask(() => node.peek(tasks)),
      beat: (instanceId, tasks) => ask(() => node.beat(instanceId, tasks)),
      leave: (instanceId) => ask(() => node.leave(instanceId)),
    };
  }

  private async vote(
    server: Server,
    node: VotingNode,
    claims: readonly Claim[],
  ): Promise<NodeReply<readonly ClaimVote[]>> {
    const reply = await node.claim(claims);
    if (!reply.answered) return reply;
    claims.forEach((claim, index) => {
      const vote = reply.value[index];
      if (vote === undefined) return;
      const owner = claim.claimId.split(':', 1)[0];
      this.history.note(`${node.label} ${vote.kind} ${claim.task}@${claim.tick - EPOCH_MS} to ${owner}`);
      this.history.voted(server, claim, vote);
      if (vote.kind === 'granted') this.strikeArmed(server);
    });
    return reply;
  }

  private taskOf(machine: Machine, name: string): ScheduledTask {
    const { periodMs } = this.profile;
    return {
      name,
      schedule: {
        description: `every ${periodMs} ms`,
        nextAfter: (epochMs) => (Math.floor(epochMs / periodMs) + 1) * periodMs,
      },
      handler: (context) => this.handle(machine, context),
    };
  }

  private async handle(machine: Machine, context: TickContext): Promise<void> {
    const run = this.history.start(context, machine);
    try {
      await this.work(machine, context);
    } finally {
      this.history.end(run);
    }
  }

  private async work(machine: Machine, context: TickContext): Promise<void> {
    const { handlers } = this.profile;
    const kind: HandlerKind = handlers[Math.floor(this.random.next() * handlers.length)] ?? 'short';
    const sleep = (forMs: number, signal?: AbortSignal): Promise<void> =>
      machine.sleepUntil(machine.monotonicMs() + forMs, signal);
    switch (kind) {
      case 'short':
        return sleep(this.random.next() * 20);
      case 'long':
        return sleep(this.random.next() * 5_000, context.signal);
      case 'hanging':
        return sleep(20_000, context.signal);
      case 'failing':
        await sleep(this.random.next() * 20);
        throw new Error('simulated');
      case 'deaf':
        return sleep(this.random.next() * 6_000);
      default:
        return kind satisfies never;
    }
  }

  private observe(instance: Instance, event: ScheduleEvent): void {
    if (instance.machine.isDead) return;
    switch (event.type) {
      case 'tick': {
        const { task, tick, outcome, detail } = event.report;
        const ended = instance.ended.get(task) ?? new Set<number>();
        instance.ended.set(task, ended);
        if (this.isBeforeAgreement(instance, tick)) return;
        if (ended.has(tick))
          this.history.fail('one outcome per tick', `${instance.id} ${task} ${tick - EPOCH_MS}`);
        ended.add(tick);
        this.history.count(`outcome ${outcome}`);
        this.history.note(`${instance.id} ${task}@${tick - EPOCH_MS} ${outcome} ${detail ?? ''}`);
        return;
      }
      case 'started':
        if (event.latenessMs > this.lateLimitMs || event.latenessMs < EARLIEST_START_MS) {
          this.history.fail(
            'starts in time',
            `${instance.id} ${event.task} ${event.latenessMs.toFixed(1)} ms`,
          );
        }
        return;
      case 'fenced':
        instance.isFenced = true;
        this.history.count('fenced');
        return;
      case 'error':
        this.history.fail('no error inside', `${event.where}: ${String(event.error)}`);
        return;
      case 'lease_lost':
        this.history.count('lease lost');
        return;
      default:
    }
  }

  /** Until the first agreement on cluster time, ticks are those of the machine's own clock, which may be far ahead. */
  private isBeforeAgreement(instance: Instance, tick: number): boolean {
    const { clusterClock, machine } = instance;
    if (!clusterClock.synchronised) return true;
    const isLate = machine.monotonicMs() > EARLY_AGREEMENT_MS && instance.countsFrom === undefined;
    instance.countsFrom ??= clusterClock.nowMs() + (isLate ? FAR_AHEAD_MS : 0);
    return tick < instance.countsFrom;
  }

  private strike(fault: Fault): void {
    if (this.time.nowMs >= this.profile.healedAtMs) return;
    this.history.note(`fault: ${JSON.stringify(fault)}`);
    this.history.count(fault.kind);
    const instance =
      'instance' in fault ? this.living()[fault.instance % Math.max(1, this.living().length)] : undefined;
    const server = 'server' in fault ? this.servers[fault.server % this.servers.length] : undefined;
    switch (fault.kind) {
      case 'instance dies':
        if (instance !== undefined) this.kill(instance);
        return;
      case 'instance stops':
        instance?.machine.pause(fault.forMs);
        return;
      case 'instance joins':
        this.join(1);
        return;
      case 'newer node set joins':
        this.join(2);
        return;
      case 'wall clock steps':
        instance?.machine.stepWallClock(fault.byMs);
        return;
      case 'link is cut':
        if (instance !== undefined && server !== undefined)
          this.cut(instance, server, fault.way, fault.forMs);
        return;
      default:
        if (server !== undefined) this.strikeServer(server, fault);
    }
  }

  private strikeServer(server: Server, fault: Fault): void {
    switch (fault.kind) {
      case 'server restarts':
        server.crash();
        this.time.schedule(fault.forMs, () => this.restart(server, fault.how));
        return;
      case 'server restarts on a grant':
        this.armed.set(server, fault);
        return;
      case 'server stops':
        server.pause(fault.forMs);
        return;
      case 'server is flushed':
        if (server.isDown) return;
        server.flush();
        this.history.lost(server);
        return;
      case 'server clock steps':
        this.stepClock(server, fault.byMs);
        this.time.schedule(fault.forMs, () => this.stepClock(server, -fault.byMs));
        return;
      default:
    }
  }

  private strikeArmed(server: Server): void {
    const fault = this.armed.get(server);
    if (fault === undefined) return;
    this.armed.delete(server);
    this.time.schedule(fault.afterMs, () => {
      server.crash();
      this.stepClock(server, fault.byMs);
      this.time.schedule(fault.forMs, () => this.restart(server, fault.how));
    });
  }

  /** Within what is assumed: all steps back of one server together stay below MARGIN. */
  private stepClock(server: Server, askedMs: number): void {
    const before = this.backSoFarMs.get(server) ?? 0;
    const byMs = boundStep(askedMs, before);
    if (byMs < 0) this.backSoFarMs.set(server, before - byMs);
    server.stepClock(byMs);
    this.history.clockStepped();
  }

  private restart(server: Server, how: Parameters<Server['restart']>[0]): void {
    if (!server.isDown) return;
    server.restart(how);
    this.history.lost(server);
    this.history.note(`node ${server.index + 1} is up again, ${how}`);
    // Whoever lost its connections renews as soon as it is back.
    for (const { machine, scheduler } of this.living()) {
      this.time.schedule(this.random.next() * 100, () => machine.run(() => scheduler.renewAll()));
    }
  }

  private kill(instance: Instance): void {
    instance.machine.die();
    for (const server of this.servers) {
      this.time.schedule(this.random.next() * 5, () => {
        server.model.locks.disconnect(instance.id);
        void server.connect({ generation: 0, fingerprint: '' }, () => undefined).leave(instance.id);
      });
    }
  }

  private cut(instance: Instance, server: Server, way: 'request' | 'reply' | 'both', forMs: number): void {
    const link = this.network.link(instance.machine, server);
    if (way !== 'reply') link.isRequestCut = true;
    if (way !== 'request') link.isReplyCut = true;
    this.time.schedule(forMs, () => {
      link.isRequestCut = false;
      link.isReplyCut = false;
    });
  }

  private living(): readonly Instance[] {
    return this.instances.filter(({ machine }) => !machine.isDead);
  }

  private heal(): void {
    this.history.note('healed');
    this.armed.clear();
    for (const server of this.servers) if (server.isDown) this.restart(server, 'with its memory');
    for (const server of this.servers) {
      server.resume();
      server.synchronise();
    }
    for (const { machine } of this.instances) machine.resume();
    if (this.living().filter(({ isFenced }) => !isFenced).length === 0) this.join(2);
    this.network.heal();
  }

  /** Files as old as this are what a restart finds. */
  private backUp(): void {
    for (const server of this.servers) if (!server.isDown) server.backUp();
    this.time.schedule(BACK_UP_PERIOD_MS, () => this.backUp());
  }

  private watchSignals(): void {
    this.time.schedule(SIGNAL_CHECK_MS, () => {
      this.history.checkSignals();
      this.watchSignals();
    });
  }

  private checkEnd(): void {
    const { periodMs, durationMs } = this.profile;
    const lastDue = EPOCH_MS + durationMs - 4 * Math.max(periodMs, 1_000);
    for (const { id, ended, machine } of this.instances) {
      if (machine.isDead || machine.isPaused) continue;
      for (const [task, ticks] of ended) {
        const first = Math.min(...ticks);
        const last = Math.min(lastDue, Math.max(...ticks));
        for (let tick = first; tick <= last; tick += periodMs) {
          if (!ticks.has(tick) && !this.isRunning(id, task, tick))
            this.history.fail('every tick ends', `${id} ${task} ${tick - EPOCH_MS}`);
        }
      }
    }
    if (this.profile.name === 'liveness') this.checkLiveness();
  }

  private isRunning(id: string, task: string, tick: number): boolean {
    return this.history
      .unfinished()
      .some((run) => run.instanceId === id && run.task === task && run.tick === tick);
  }

  private checkLiveness(): void {
    const { periodMs, durationMs, healedAtMs, tasks } = this.profile;
    const ran = new Set(this.history.runs.map((run) => `${run.task} ${run.tick}`));
    const from = Math.ceil((healedAtMs + LIVE_AFTER_MS) / periodMs) * periodMs;
    for (let atMs = from; atMs <= durationMs - 2_000; atMs += periodMs) {
      for (let index = 0; index < tasks; index += 1) {
        if (!ran.has(`t${index} ${EPOCH_MS + atMs}`))
          this.history.fail('every tick runs when healed', `t${index} ${atMs}`);
      }
    }
  }
}

/** Grants everything to everybody: the ledger is alone. */
const FREE_LOCKS = (random: SeededRandom): LockProvider => ({
  tryAcquire: async (tasks) =>
    tasks.map((task) => ({ kind: 'acquired', lock: { task, value: random.id() } })),
  extend: async (locks) => locks.map(() => ({ kind: 'extended' })),
  release: async () => undefined,
});

/** Every instance takes itself for the only one, and so is first in rank for everything. */
function onlySelf(membership: Membership): Membership {
  return {
    beat: async (instanceId, peeks) => ({
      ...(await membership.beat(instanceId, peeks)),
      members: [instanceId],
    }),
    leave: (instanceId) => membership.leave(instanceId),
  };
}
