/** Masters go away: one, which must cost nothing, or a majority, without which nothing may run. */

import type { RedisServer } from '../../support/redis-server.js';
import { untilTime } from '../../support/stage.js';
import { type Cluster, onCluster } from './cluster.js';
import {
  between,
  type Failure,
  FEW,
  LEASE_TTL_MS,
  SECOND_MS,
  type Struck,
  secondAfter,
  UNBOUNDED,
} from './failure.js';

const env = { TASK_MS: '5' };
/** A master that comes back empty grants no lock for one time to live and no tick for a second. */
const QUARANTINE_MS = LEASE_TTL_MS + SECOND_MS;
const TICKS_WITHOUT = 2;
const MAX_LOSS_MS = 3_000;
const RETURN_BOUND_MS = 1_500;

const oneLost = {
  bound: 'no tick lost',
  boundMs: UNBOUNDED,
  losesNoTick: true,
  share: FEW,
};

/** Which master is next: each in turn, since the third one to answer is not the third one to be asked. */
const turns = new WeakMap<Cluster, number>();

function nextMaster(cluster: Cluster): RedisServer {
  const turn = turns.get(cluster) ?? 0;
  turns.set(cluster, turn + 1);
  const { masters } = cluster.stage;
  const master = masters[turn % masters.length];
  if (master === undefined) throw new Error('a cluster without masters');
  return master;
}

/** A moment of a second of its own, so that every phase of a tick is met. */
async function atAnyMoment(cluster: Cluster): Promise<number> {
  const { tick } = await cluster.nextRun();
  await untilTime(tick + SECOND_MS + between(cluster.random, 0, SECOND_MS - 1));
  return Date.now();
}

async function strikeOne(
  cluster: Cluster,
  lose: (master: RedisServer) => unknown,
  restore: (master: RedisServer) => Promise<void>,
): Promise<Struck> {
  const faultMs = await atAnyMoment(cluster);
  const master = nextMaster(cluster);
  const losing = lose(master);
  const next = await cluster.startOf(secondAfter(faultMs));
  await losing;
  await cluster.startOf(secondAfter(faultMs) + (TICKS_WITHOUT - 1) * SECOND_MS);
  const measuredMs = next.startedMs - next.tick;
  return { faultMs, startedMs: next.startedMs, measuredMs, heal: () => restore(master) };
}

const oneKilled = onCluster(
  { ...oneLost, name: 'one of three masters killed (kill -9)' },
  { env },
  (cluster) =>
    strikeOne(
      cluster,
      (master) => master.kill(),
      async (master) => {
        await master.start();
        await untilTime(Date.now() + QUARANTINE_MS);
      },
    ),
);

const oneStopped = onCluster(
  { ...oneLost, name: 'one of three masters stopped (SIGSTOP)' },
  { env },
  (cluster) =>
    strikeOne(
      cluster,
      (master) => master.pause(),
      async (master) => {
        master.resume();
        await cluster.untilSettled();
      },
    ),
);

async function strikeMajority(
  cluster: Cluster,
  lose: (master: RedisServer) => unknown,
  restore: (master: RedisServer) => unknown,
): Promise<Struck> {
  const lost = [nextMaster(cluster), nextMaster(cluster)];
  await atAnyMoment(cluster);
  await Promise.all(lost.map(lose));
  await untilTime(Date.now() + between(cluster.random, SECOND_MS, MAX_LOSS_MS));
  // A master that was started is back when it answers; one that was stopped, when it goes on.
  await Promise.all(lost.map(restore));
  const faultMs = Date.now();
  const { startedMs } = await cluster.startAfter(faultMs);
  const heal = async (): Promise<void> => {
    await untilTime(faultMs + QUARANTINE_MS);
    await cluster.untilSettled();
  };
  return { faultMs, startedMs, measuredMs: startedMs - faultMs, heal };
}

const majorityBack = onCluster(
  {
    name: 'majority of masters stopped, back with their memory',
    bound: 'first run <= 1500 ms after the return',
    boundMs: RETURN_BOUND_MS,
    losesNoTick: false,
    share: FEW,
  },
  { env },
  (cluster) =>
    strikeMajority(
      cluster,
      (master) => master.pause(),
      (master) => master.resume(),
    ),
);

const majorityEmpty = onCluster(
  {
    name: 'majority of masters killed, back empty',
    bound: 'first run <= lease.ttlMs + 1500 ms after the return',
    boundMs: LEASE_TTL_MS + RETURN_BOUND_MS,
    losesNoTick: false,
    share: FEW,
  },
  { env },
  (cluster) =>
    strikeMajority(
      cluster,
      (master) => master.kill(),
      (master) => master.start(),
    ),
);

export const MASTERS: readonly Failure[] = [oneKilled, oneStopped, majorityBack, majorityEmpty];
