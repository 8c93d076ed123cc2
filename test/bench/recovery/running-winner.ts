/** A replica goes away during a run. That run is lost; its lock must not stand in the way of the next tick for long. */

import type { RunLine } from '../../../apps/demo/src/run-record.js';
import type { Replica } from '../../support/replica.js';
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

const TASK_MS = 500;
const FIRST_MS = 50;
const LAST_MS = 400;
/** An order takes its time to arrive, and must still find the run at work. */
const LAST_ORDER_MS = 150;
const DEATH_BOUND_MS = 400;
/** Longer than any trial: the runs end by the fault. */
const ENDLESS_MS = 60_000;
/** Over two renewals, so that the stop meets every phase between two of them. */
const LAST_STOP_MS = 2_000;

const env = { TASK_MS: String(TASK_MS) };
const about = {
  bound: 'next start <= 400 ms after the death, or after the next second',
  boundMs: DEATH_BOUND_MS,
  losesNoTick: true,
  share: 1,
} as const;

/** Ends the process of a run; `end` resolves when it is dead. */
async function strikeRunning(
  cluster: Cluster,
  lastMs: number,
  end: (winner: Replica) => Promise<unknown>,
): Promise<Struck> {
  const run = await cluster.nextRun();
  await untilTime(run.startedMs + between(cluster.random, FIRST_MS, lastMs));
  await end(cluster.replicaOf(run));
  const faultMs = Date.now();
  const { startedMs } = await cluster.startAfter(faultMs);
  const nextSecondMs = secondAfter(faultMs);
  const measuredMs = startedMs - (startedMs < nextSecondMs ? faultMs : nextSecondMs);
  return { faultMs, startedMs, measuredMs, heal: () => cluster.replace() };
}

const killed = onCluster(
  { ...about, bound: `no tick lost; ${about.bound}`, name: 'running winner killed (kill -9)' },
  { env },
  (cluster) => strikeRunning(cluster, LAST_MS, (winner) => winner.kill('SIGKILL')),
);

const outOfMemory = onCluster(
  // A heap takes a while to fill, and until then the process holds its lock like any other.
  { ...about, name: 'running winner out of memory', losesNoTick: false },
  { env: { ...env, NODE_OPTIONS: '--max-old-space-size=64' } },
  (cluster) =>
    strikeRunning(cluster, LAST_ORDER_MS, (winner) => {
      winner.command({ type: 'exhaust memory' });
      return winner.until(() => false);
    }),
);

const terminated = onCluster(
  {
    name: 'running winner told to end (SIGTERM)',
    bound: 'no tick lost',
    boundMs: UNBOUNDED,
    losesNoTick: true,
    share: FEW,
  },
  { env },
  async (cluster) => {
    const run = await cluster.nextRun();
    await untilTime(run.startedMs + between(cluster.random, FIRST_MS, LAST_MS));
    const faultMs = Date.now();
    await cluster.replicaOf(run).kill('SIGTERM');
    const nextTick = run.tick + SECOND_MS;
    const { startedMs } = await cluster.startOf(nextTick);
    return { faultMs, startedMs, measuredMs: startedMs - nextTick, heal: () => cluster.replace() };
  },
);

/** The run that goes on now: of a chain, in which each trial's successor is the next one's victim. */
const runners = new WeakMap<Cluster, RunLine>();

const silent = onCluster(
  {
    name: 'running winner silent (SIGSTOP)',
    bound: 'next start <= lease.ttlMs + 500 ms after the stop',
    boundMs: LEASE_TTL_MS + 500,
    losesNoTick: false,
    share: 1,
  },
  {
    env: { TASK_MS: String(ENDLESS_MS) },
    // Its first run does not end, so there is no second tick to wait for.
    settled: async (cluster) => (await cluster.startOf(0)).tick,
  },
  async (cluster) => {
    const run = runners.get(cluster) ?? (await cluster.startOf(0));
    await untilTime(Math.max(Date.now(), run.startedMs) + between(cluster.random, FIRST_MS, LAST_STOP_MS));
    const holder = cluster.replicaOf(run);
    const faultMs = Date.now();
    holder.pause();
    const successor = await cluster.startAfter(faultMs);
    runners.set(cluster, successor);
    const heal = async (): Promise<void> => {
      holder.resume();
      await cluster.aborted(holder);
    };
    return {
      faultMs,
      startedMs: successor.startedMs,
      measuredMs: successor.startedMs - faultMs,
      heal,
    };
  },
);

export const RUNNING_WINNER: readonly Failure[] = [killed, outOfMemory, silent];
export const RUNNING_SHUTDOWN: readonly Failure[] = [terminated];
