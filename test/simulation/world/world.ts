/** A simulated world: the production scheduler on machines, a network, servers, and a plan of faults. */

import { MemoryNode } from '#src/memory/memory-node.js';
import { type NodeSet, SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import { resolveProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { AuditWitness } from '../watch/audit-witness.js';
import { ClaimWitness } from '../watch/claim-witness.js';
import { GiveUpWitness } from '../watch/give-up-witness.js';
import { History, type Violation } from '../watch/history.js';
import { HungWitness } from '../watch/hung-witness.js';
import { LagWatch } from '../watch/lag-watch.js';
import { LockWitness } from '../watch/lock-witness.js';
import { OutcomeWitness } from '../watch/outcome-witness.js';
import { ProgressWitness } from '../watch/progress-witness.js';
import { ReleaseWitness } from '../watch/release-witness.js';
import { RenewalWitness } from '../watch/renewal-witness.js';
import { RunWitness } from '../watch/run-witness.js';
import { SetBackWitness } from '../watch/set-back-witness.js';
import { SizeWitness } from '../watch/size-witness.js';
import { TenureWitness } from '../watch/tenure-witness.js';
import { FaultInjector } from './fault-injector.js';
import { Healing } from './healing.js';
import { Names, nameOf } from './names.js';
import { Network } from './network.js';
import type { Plan } from './plan.js';
import { type SimulatedPolicies, simulatedPolicies } from './policies.js';
import { Presences } from './presences.js';
import type { Profile } from './profile.js';
import { Rivals } from './rivals.js';
import { Server } from './server.js';
import { SetBack } from './set-back.js';
import { type Instance, type Join, startInstance } from './simulated-instance.js';
import { Spots } from './spots.js';
import { VirtualTime } from './virtual-time.js';
import type { WorldParts } from './world-parts.js';

export interface WorldResult {
  readonly violations: readonly Violation[];
  readonly counters: ReadonlyMap<string, number>;
  /** Empty unless the world was told as a story. */
  readonly trace: readonly string[];
  /** Ticks that were due while the world lasted, over all tasks. */
  readonly ticks: number;
  readonly simulatedMs: number;
  /** `task tick` of every run, and who made it. */
  readonly started: ReadonlyMap<string, string>;
}

const BACK_UP_PERIOD_MS = 370;
const MAX_DRIFT = 0.0005;
const MAX_WALL_OFFSET_MS = 5_000;
/** The lateness limit is derived from the period, as in production. */
const LATENESS_SHARE = 0.4;
const NO_POLICIES = simulatedPolicies();

/** Runs one history to its end, or to its first broken promise. The same plan gives the same history. */
export async function runWorld(plan: Plan, profile: Profile, isTold = false): Promise<WorldResult> {
  const parts = buildWorld(plan, profile, isTold);
  const { time, history, instances, outcomes, claims } = parts;
  const join: Join = (generation, isOfOther = false) => {
    startInstance(parts, {
      positions: isOfOther ? parts.rivals.positions : parts.positions,
      id: `i${instances.length + 1}`,
      generation,
      rate: 1 + spread(parts.random, MAX_DRIFT),
      wallOffsetMs: spread(parts.random, MAX_WALL_OFFSET_MS),
    });
  };
  const injector = new FaultInjector(parts, join, (position, host) => startServer(parts, position, host));
  for (let index = 0; index < plan.instances; index += 1) join(1);
  for (let index = 0; index < (plan.rival?.instances ?? 0); index += 1) join(1, true);
  for (const fault of plan.faults) time.schedule(fault.atMs, () => injector.strike(fault));
  if (profile.healedAtMs < profile.durationMs) {
    const setBack = plan.setBack && new SetBack(parts, plan.setBack, injector);
    time.schedule(profile.healedAtMs, () => new Healing(parts, plan, injector, join, setBack).start());
  }
  backUp(parts);
  new SizeWitness(parts).watch();
  parts.lags.watch();
  parts.audit.watch();
  parts.giveUps.watch();
  if (profile.handlersHang === true) parts.hung.watch();
  await time.runUntil(profile.durationMs);
  if (history.violations.length === 0) outcomes.check(instances);
  const mustRun = profile.healedAtMs < profile.durationMs && profile.handlersHang !== true;
  if (mustRun && history.violations.length === 0) parts.progress.check();
  history.count('contested tick', claims.contestedTicks);
  history.count('run', parts.runs.started.size);
  return {
    violations: history.violations,
    counters: history.counters,
    trace: history.trace,
    ticks: Math.floor(profile.durationMs / profile.periodMs) * profile.tasks,
    simulatedMs: profile.durationMs,
    started: parts.runs.started,
  };
}

function buildWorld(plan: Plan, profile: Profile, isTold: boolean): WorldParts {
  const time = new VirtualTime();
  const random = new SeededRandom(plan.seed);
  const history = new History(
    () => time.nowMs,
    isTold,
    () => time.halt(),
  );
  const lateLimitMs = Math.floor(profile.periodMs * LATENESS_SHARE);
  const servers = Array.from({ length: plan.servers }, (_, index) => {
    const offsetMs = spread(random, lateLimitMs / 5);
    const firstMs = index === 0 && plan.servers > 1 ? plan.firstClockMs : 0;
    const rate = 1 + spread(random, MAX_DRIFT);
    const aheadMs = plan.setBack?.aheadMs ?? 0;
    return new Server(time, { index, rate, offsetMs: offsetMs + firstMs + aheadMs }, history);
  });
  const inUse =
    plan.areNew === true
      ? undefined
      : beginInUse(servers, resolveProtocolOptions(profile.options).leaseTtlMs);
  const rivals = new Rivals(plan.servers, plan.rival);
  for (const index of rivals.added) {
    const offsetMs = spread(random, lateLimitMs / 5);
    servers.push(new Server(time, { index, rate: 1 + spread(random, MAX_DRIFT), offsetMs }, history));
  }
  const instances: Instance[] = [];
  const isLockless = profile.everyInstanceBids;
  const policies = (plan.policies ?? []).map(simulatedPolicies);
  const policiesOf = (task: string): SimulatedPolicies => policies[Number(task.slice(1))] ?? NO_POLICIES;
  const { periodMs } = profile;
  const tenures = new TenureWitness(history, periodMs, policiesOf);
  const claims = new ClaimWitness(history);
  const releases = new ReleaseWitness(history);
  if (inUse !== undefined)
    for (const server of servers.slice(0, plan.servers)) claims.isStamped(server, inUse);
  const isGranted = (task: string, instant: number): boolean => claims.isGranted(task, instant);
  const names = new Names(servers);
  const { leaseTtlMs } = resolveProtocolOptions(profile.options);
  const rules = { servers, leaseTtlMs, periodMs, lateLimitMs, isLockless, policiesOf, isGranted };
  const runs = new RunWitness(time, history, tenures, rules);
  const lags = new LagWatch(time, instances);
  const outcomes = new OutcomeWitness(history, runs, profile, policiesOf, lags);
  const parts: WorldParts = {
    profile,
    options: resolveProtocolOptions(profile.options),
    policiesOf,
    time,
    random,
    network: new Network(time, random, profile.network),
    servers,
    positions: Array.from({ length: plan.servers }, (_, position) => position),
    rivals,
    names,
    presences: new Presences(() => parts),
    spots: new Spots(plan.servers, plan.spots),
    instances,
    history,
    claims,
    runs,
    tenures,
    progress: new ProgressWitness(history, runs, profile, rules, instances),
    releases,
    renewals: new RenewalWitness(history, claims, releases),
    locks: new LockWitness(time, history, runs, servers, (id, task) => outcomes.bid(id, task)),
    outcomes,
    lags,
    audit: new AuditWitness(() => parts),
    giveUps: new GiveUpWitness(() => parts),
    setBacks: new SetBackWitness(() => parts),
    hung: new HungWitness(() => parts),
  };
  return parts;
}

function beginInUse(servers: readonly Server[], leaseTtlMs: number): NodeSet {
  const names = servers.length === 1 ? [SINGLE_POSITION] : servers.map(({ position }) => nameOf(position));
  const set = { generation: 1, positions: names, leaseTtlMs };
  for (const [index, node] of MemoryNode.inUse(servers, set).entries()) servers[index]?.begin(node);
  return set;
}

/** One more server for a position, with a clock of its own. */
function startServer(
  { servers, time, random, history, profile }: WorldParts,
  position: number,
  host?: Server,
): Server {
  const rate = 1 + spread(random, MAX_DRIFT);
  const offsetMs = spread(random, (profile.periodMs * LATENESS_SHARE) / 5) - time.nowMs * (rate - 1);
  const server = new Server(time, { index: servers.length, position, rate, offsetMs, host }, history);
  servers.push(server);
  return server;
}

/** Files as old as this are what a restart finds. */
function backUp(parts: WorldParts): void {
  for (const server of parts.servers) if (!server.isDown) server.backUp();
  parts.time.schedule(BACK_UP_PERIOD_MS, () => backUp(parts));
}

function spread(random: SeededRandom, most: number): number {
  return (random.next() * 2 - 1) * most;
}
