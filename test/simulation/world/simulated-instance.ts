/** One instance of a simulated world: the production scheduler on a machine of its own. */

import { QuorumRunInquiries } from '#src/protocol/audit/run-inquiries.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { LockProvider, Membership } from '#src/protocol/contract/ports.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { throughCouriers } from '#src/protocol/ledger/claim-courier.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { Scheduler } from '#src/protocol/scheduler/scheduler.js';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import type { SeededRandom } from '#src/testing/seeded-random.js';
import { LIVE_AFTER_MS } from '../watch/live-after.js';
import { Ambush } from './ambush.js';
import { EPOCH_MS, Machine } from './machine.js';
import { NetworkedLocks } from './networked-locks.js';
import type { Resident } from './resident.js';
import type { Server } from './server.js';
import { simulatedTask } from './simulated-task.js';
import { WatchedLedger } from './watched-ledger.js';
import { connectNode, latestOf, votesFor } from './watched-node.js';
import type { WorldParts } from './world-parts.js';

export interface Instance extends Resident {
  readonly scheduler: Scheduler;
  /** What servers have not taken in yet; nothing without run locks. */
  readonly releases: Pick<NetworkedLocks, 'resend'> | undefined;
  /** What waits for this instance to come to a certain place. */
  readonly ambush: Ambush;
  /** Ticks that have ended here, by task. */
  readonly ended: Map<string, Set<number>>;
  /** By `task tick`, how many runs have begun here and not been reported. */
  readonly begun: Map<string, number>;
  /** `task tick` of those that have ended here without a run. */
  readonly contests: Set<string>;
  /** True time. */
  readonly bornMs: number;
  isFenced: boolean;
  /** Its set of nodes votes for it, as far as it knows. */
  goesOn: boolean;
  isLeaving: boolean;
  /** It has left: stop() has settled, and then its process has exited. */
  hasLeft: boolean;
  /** The first tick, epoch ms, from which every one must end exactly once. */
  countsFrom: number | undefined;
}

/** Makes one more instance, of this generation of its set of nodes; of another set where there is one. */
export type Join = (generation: number, isOfOther?: boolean) => void;

export interface Birth {
  /** Of its node set. */
  readonly positions: readonly number[];
  readonly id: string;
  readonly generation: number;
  /** Rate of its monotonic clock, and how far its wall clock is off, ms. */
  readonly rate: number;
  readonly wallOffsetMs: number;
}

/** Longer than any trust. */
const NO_STANDSTILL_MS = 4_000;

/** Makes an instance and starts it. */
export function startInstance(parts: WorldParts, birth: Birth): Instance {
  const { id, generation, positions } = birth;
  const machine = new Machine(parts.time, birth);
  const ambush = new Ambush();
  const connections = parts.names.connect(id, positions);
  const resident: Resident = {
    id,
    generation,
    machine,
    isOfOther: positions !== parts.positions,
    connections,
    clusterClock: new ClusterClock(machine, connections.length),
    won: new Set(),
    claimed: new Set(),
    retired: { sinceMs: Number.POSITIVE_INFINITY },
    isRetired: () => instance.isFenced || instance.isLeaving,
    unseenBy: new Set(),
    reach: (place) => ambush.reach(place),
  };
  const locks = parts.profile.everyInstanceBids ? undefined : networkedLocks(parts, resident);
  const instance: Instance = {
    ...resident,
    ambush,
    releases: locks,
    scheduler: buildScheduler(parts, resident, locks ?? freeLocks(parts.random), (event) =>
      observe(parts, instance, event),
    ),
    ended: new Map(),
    begun: new Map(),
    contests: new Set(),
    bornMs: parts.time.nowMs,
    isFenced: false,
    goesOn: false,
    isLeaving: false,
    hasLeft: false,
    countsFrom: undefined,
  };
  for (let index = 0; index < parts.profile.tasks; index += 1) {
    instance.scheduler.add(simulatedTask(parts, `t${index}`, resident));
  }
  parts.instances.push(instance);
  parts.history.note(
    () => `${id} joins, node set ${generation}: ${connections.map(({ name }) => name).join(' ')}`,
  );
  instance.scheduler.start();
  return instance;
}

function buildScheduler(
  parts: WorldParts,
  resident: Resident,
  locks: LockProvider,
  observe: (event: ScheduleEvent) => void,
): Scheduler {
  const { options, random, profile } = parts;
  const reconnect = ({ id }: Resident, server: Server): void => parts.presences.reconnect(id, server);
  const onReply = (server: Server): void => {
    parts.releases.heard(resident.machine, server);
    if (locks instanceof NetworkedLocks) locks.resend(server);
  };
  const nodes = throughCouriers(
    resident.connections.map((connection) =>
      connectNode({ ...parts, reconnect, onReply }, connection, resident),
    ),
    { clock: resident.machine, nodeTimeoutMs: options.nodeTimeoutMs },
  );
  const set: NodeSet = {
    generation: resident.generation,
    positions: nodes.map(({ position }) => position).sort(),
    leaseTtlMs: options.leaseTtlMs,
  };
  const electorate = new Electorate({
    nodes,
    set,
    app: 'app',
    clock: resident.machine,
    observer: { observe },
    identityWaitMs: profile.identityWaitMs,
  });
  if (locks instanceof NetworkedLocks) {
    locks.guardBy({
      ids: () => electorate.namedIds(),
      positionOf: (server) => resident.connections.find((one) => one.server === server)?.name ?? '',
      refused: (position, ids) => {
        parts.history.count('a lock is asked of another memory');
        electorate.lockRefused(position, ids);
      },
    });
  }
  const membership = new QuorumMembership(nodes, electorate, 1);
  return new Scheduler({
    instanceId: resident.id,
    nodes: nodes.length,
    electorate,
    options,
    clock: resident.machine,
    random,
    clusterClock: resident.clusterClock,
    locks,
    ledger: new WatchedLedger(new QuorumTickLedger(nodes, electorate), parts, resident),
    directory: parts.audit.directory(),
    labelsOf: (id) => profile.labels?.(Number(id.slice(1)) - 1) ?? [],
    inquiries: new QuorumRunInquiries(nodes, electorate),
    membership: profile.everyInstanceBids ? onlySelf(membership) : membership,
    observer: { observe },
    ...(profile.forgets === true && { pruning: { periodMs: 1_000, leastWindowMs: 0 } }),
    idempotencyKey: (task, tick) => `${task} ${tick}`,
  });
}

function networkedLocks(parts: WorldParts, resident: Resident): NetworkedLocks {
  const { id, machine, reach, unseenBy, connections } = resident;
  const { network, random, options, locks, releases, renewals, tenures } = parts;
  return new NetworkedLocks({
    machine,
    servers: () => connections.map(({ server }) => server),
    network,
    random,
    instanceId: id,
    isSeenBy: (server) => !unseenBy.has(server.index),
    nodeTimeoutMs: options.nodeTimeoutMs,
    witness: locks,
    releases,
    renewals,
    votesOn: (server, asked, sentMs, decide) =>
      votesFor(parts, resident, server, asked, decide, {
        isAnswered: false,
        latestMs: latestOf(sentMs, parts),
      }),
    reach,
    onRenewal: () => reach('renewal'),
    onAcquired: (lock) => {
      tenures.acquired(resident, lock);
      renewals.acquired(lock);
    },
    onRelease: (given) => {
      for (const lock of given) tenures.released(resident, lock);
      reach('release');
    },
  });
}

function observe(parts: WorldParts, instance: Instance, event: ScheduleEvent): void {
  if (instance.machine.isDead) return;
  switch (event.type) {
    case 'audit':
      if (event.finding.outcome === 'stuck') parts.hung.tells(instance, event.finding);
      else parts.audit.tells(instance, event.finding);
      return;
    case 'late_end':
      parts.hung.lateEnd(instance, event);
      return;
    case 'started':
      parts.audit.started(event.task, event.tick);
      parts.outcomes.started(instance, event);
      return;
    case 'tick':
      parts.audit.reported(event.report);
      parts.setBacks.told(event.report);
      parts.tenures.ended(instance, event.report);
      parts.outcomes.ended(instance, event.report);
      parts.hung.reported(instance, event.report);
      return;
    case 'fenced':
      instance.isFenced = true;
      parts.history.count('fenced');
      return;
    case 'error':
      parts.history.fail('no error inside', `${event.where}: ${String(event.error)}`);
      return;
    case 'identity':
      if (event.condition === 'wrong_server') parts.progress.metOldId();
      parts.history.count(`identity ${event.condition}`);
      parts.history.note(() => `${instance.id} ${event.node} ${event.condition}: ${event.detail}`);
      return;
    case 'node_set':
      instance.goesOn = event.condition === 'bids';
      parts.history.count(`node set ${event.condition}`);
      parts.history.note(() => `${instance.id} node set ${event.condition}: ${event.detail}`);
      return;
    case 'stamped':
      parts.history.count(`stamped ${event.reason}`);
      parts.history.note(() => `${instance.id} stamps ${event.node}: ${event.reason}`);
      return;
    case 'lease_lost':
      parts.history.count('lease lost');
      checkLoss(parts, instance, event);
      return;
    default:
  }
}

/** Long after the last fault no lease ends before its run, but for a machine that stood still. */
function checkLoss(
  { time, profile, history }: WorldParts,
  { id, machine }: Instance,
  { task, tick, reason }: Extract<ScheduleEvent, { type: 'lease_lost' }>,
): void {
  if (time.nowMs < profile.healedAtMs + LIVE_AFTER_MS || !machine.hasRunFor(NO_STANDSTILL_MS)) return;
  history.fail('no lease is lost for nothing', `${task}@${tick - EPOCH_MS} of ${id}: ${reason}`);
}

/** Grants everything to everybody: the ledger is alone. */
function freeLocks(random: SeededRandom): LockProvider {
  return {
    tryAcquire: async (tasks) =>
      tasks.map((task) => ({ kind: 'acquired', lock: { task, value: random.id() } })),
    extend: async (locks) => locks.map(() => ({ kind: 'extended' })),
    release: async () => undefined,
  };
}

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
