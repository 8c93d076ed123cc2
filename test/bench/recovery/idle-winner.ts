/**
 * The replica that wins the ticks goes away between two of them: whoever is next in rank takes the very next tick.
 *
 * It is struck from 50 ms after its second to 50 ms before it would claim the next: a winner that dies between its
 * claim and its start takes that one tick with it, which is a limit and not a delay (test/faults/limits).
 */

import type { Replica } from '../../support/replica.js';
import { untilTime } from '../../support/stage.js';
import { type Cluster, onCluster } from './cluster.js';
import { between, type Failure, FEW, SECOND_MS, type Struck, UNBOUNDED } from './failure.js';

const TASK_MS = 5;
const FIRST_MS = 50;
const LAST_MS = 920;
const START_BOUND_MS = 300;
/** A replica that is stopped or cut off for less than this stays a member, and first in rank. */
export const MAX_SILENCE_MS = 1_500;

const env = { TASK_MS: String(TASK_MS) };
export const ABOUT_IDLE = {
  bound: 'no tick lost; next start <= 300 ms after its second',
  boundMs: START_BOUND_MS,
  losesNoTick: true,
  share: 1,
};

/** Strikes the idle winner and waits for the next tick. `hurt` resolves to what undoes it. */
export async function strikeIdle(
  cluster: Cluster,
  hurt: (winner: Replica) => Promise<() => Promise<void>>,
): Promise<Struck> {
  const end = await cluster.nextEnd();
  await untilTime(end.tick + between(cluster.random, FIRST_MS, LAST_MS));
  const faultMs = Date.now();
  const hurting = hurt(cluster.replicaOf(end));
  const start = await cluster.startOf(end.tick + SECOND_MS);
  const undo = await hurting;
  const measuredMs = start.startedMs - (end.tick + SECOND_MS);
  return { faultMs, startedMs: start.startedMs, measuredMs, heal: undo };
}

/** As a fault that does not kill: undone after a while, and whole when two more ticks have run. */
async function undoLater(cluster: Cluster, undo: () => unknown): Promise<void> {
  await untilTime(Date.now() + between(cluster.random, 0, MAX_SILENCE_MS));
  await undo();
  await cluster.untilSettled();
}

const killed = onCluster({ ...ABOUT_IDLE, name: 'idle winner killed (kill -9)' }, { env }, (cluster) =>
  strikeIdle(cluster, async (winner) => {
    await winner.kill('SIGKILL');
    return () => cluster.replace();
  }),
);

const outOfMemory = onCluster(
  { ...ABOUT_IDLE, name: 'idle winner out of memory' },
  { env: { ...env, NODE_OPTIONS: '--max-old-space-size=64' } },
  (cluster) =>
    strikeIdle(cluster, async (winner) => {
      winner.command({ type: 'exhaust memory' });
      await winner.until(() => false);
      return () => cluster.replace();
    }),
);

const stopped = onCluster({ ...ABOUT_IDLE, name: 'idle winner stopped (SIGSTOP)' }, { env }, (cluster) =>
  strikeIdle(cluster, async (winner) => {
    winner.pause();
    return () => undoLater(cluster, () => winner.resume());
  }),
);

const terminated = onCluster(
  {
    ...ABOUT_IDLE,
    name: 'idle winner told to end (SIGTERM)',
    bound: 'no tick lost',
    boundMs: UNBOUNDED,
    share: FEW,
  },
  { env },
  (cluster) =>
    strikeIdle(cluster, async (winner) => {
      await winner.kill('SIGTERM');
      return () => cluster.replace();
    }),
);

export const IDLE_WINNER: readonly Failure[] = [killed, outOfMemory, stopped];
export const IDLE_SHUTDOWN: readonly Failure[] = [terminated];
