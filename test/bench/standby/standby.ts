/** One instance for which every tick is somebody else's, on a clock that is moved by hand. */

import { runsTask } from '#src/control/task-peers.js';
import { SchedulerLogObserver } from '#src/nest/log/scheduler-log.observer.js';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { throughCouriers } from '#src/protocol/ledger/claim-courier.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { TriggerLedger } from '#src/protocol/ledger/trigger-ledger.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { rankOf } from '#src/protocol/members/ranking.js';
import { resolveProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { ObserverFanout } from '#src/protocol/scheduler/observer-fanout.js';
import { Scheduler } from '#src/protocol/scheduler/scheduler.js';
import type { SchedulerParts } from '#src/protocol/scheduler/scheduler-parts.js';
import { EverySecondSchedule } from '#src/protocol/schedules/every-second.schedule.js';
import { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { SET, toldNodes } from './told-nodes.js';

const SELF = 'standby';
const APP = 'bench';
const IDENTITY_WAIT_MS = 30_000;

export interface Standby {
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  /** How many ticks were told as taken, and how many as anything else. */
  readonly told: { taken: number; other: number };
}

export function standBy(tasks: number, members: number): Standby {
  const clock = new ManualClock();
  const ids = [SELF, ...Array.from({ length: members - 1 }, (_, index) => `worker-${index + 1}-4f2a91c0`)];
  const clusterClock = new ClusterClock(clock, SET.positions.length);
  const options = resolveProtocolOptions({});
  const onTime = (node: number, nodeTimeMs: number): void => {
    const nowMs = clock.monotonicMs();
    clusterClock.observe({ node, sentMs: nowMs, receivedMs: nowMs, nodeTimeMs });
  };
  const nodes = throughCouriers(toldNodes({ clock, members: ids, onTime }), {
    ...{ clock, nodeTimeoutMs: options.nodeTimeoutMs },
  });
  const told = { taken: 0, other: 0 };
  const observer = observing(clock, told);
  const names = namesFor(tasks, ids);
  const scheduler = new Scheduler({
    ...{ instanceId: SELF, nodes: nodes.length, options, clock, clusterClock, observer },
    ...portsOver(nodes, { clock, observer }),
    random: new SeededRandom(1),
    labelsOf: () => [],
    runsTask: known(names, ids),
    idempotencyKey: (task, tick) => `${task}${tick}`,
  });
  const schedule = new EverySecondSchedule();
  for (const name of names) scheduler.add({ name, schedule, handler: () => undefined });
  scheduler.start();
  return { clock, scheduler, told };
}

/** What an application has by default, and the count. */
function observing(clock: ManualClock, told: Standby['told']): ObserverFanout {
  const log = new SchedulerLogObserver(clock);
  const observe: SchedulerParts['observer']['observe'] = (event) => {
    if (event.type === 'tick') told[event.report.outcome === 'taken' ? 'taken' : 'other'] += 1;
  };
  return new ObserverFanout([log, { observe }]);
}

function portsOver(
  nodes: readonly VotingNode[],
  { clock, observer }: Pick<SchedulerParts, 'clock' | 'observer'>,
): Pick<SchedulerParts, 'electorate' | 'ledger' | 'membership' | 'locks'> {
  const electorate = new Electorate({
    ...{ nodes, set: SET, app: APP, clock, observer, identityWaitMs: IDENTITY_WAIT_MS },
  });
  return {
    electorate,
    ledger: new TimeoutLedger(new TriggerLedger(new QuorumTickLedger(nodes, electorate))),
    membership: new QuorumMembership(nodes, electorate),
    locks: { tryAcquire: neverAsked, extend: neverAsked, release: neverAsked },
  };
}

/** All instances are of one version, which has all tasks. */
function known(names: readonly string[], ids: readonly string[]): NonNullable<SchedulerParts['runsTask']> {
  const identity = { app: APP, version: 'v1' };
  const identities = new Map(ids.map((id) => [id, identity]));
  const inCode = new Set(names);
  return runsTask(APP, {
    notices: { identityOf: (id) => identities.get(id) },
    sets: { runs: (_version, task) => inCode.has(task) },
    room: { get: () => undefined },
  });
}

/** Names of which none has this instance first. */
function namesFor(count: number, members: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index += 1) {
    const name = `chore${index}`;
    if (rankOf(name, SELF, members) !== 0) names.push(name);
  }
  return names;
}

function neverAsked(): never {
  throw new Error('a standby asks for no lock');
}
