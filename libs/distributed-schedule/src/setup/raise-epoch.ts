/** The way out when the clocks of nodes were set back: a person leaves behind what they granted ahead of their time. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { VotingNode } from '../protocol/contract/ports.js';
import { quorumOf } from '../protocol/contract/quorum.js';
import { spoken } from '../protocol/contract/spoken.js';
import { ORDINARY_SKEW_MS } from '../protocol/ledger/clock-set-back.js';
import { requireName } from '../protocol/options/option-spec.js';
import { DEFAULTS } from '../protocol/options/protocol-options.js';
import type { RedisInput } from '../redis/connection/redis-input.js';
import { connectRedis, type RedisConnection } from '../redis/redis-connection.js';
import { SystemClock } from '../system/system-clock.js';
import { SystemRandom } from '../system/system-random.js';

export interface RaiseEpochOptions {
  /** All nodes, as in `forRoot`. */
  readonly redis: RedisInput | readonly RedisInput[];
  readonly namespace: string;
  /** As in `forRoot`. */
  readonly nodeSetGeneration?: number;
  /** As in `forRoot`. Default 120; far from the nodes a larger one does no harm here. */
  readonly nodeTimeoutMs?: number;
}

export interface RaisedEpoch {
  /** The epoch in which the nodes are now. */
  readonly epoch: number;
  /** By how much at least their clocks were set back; 0: no clock was, and nothing was changed. */
  readonly setBackMs: number;
  /** Such as `node 1`. A node that did not answer is raised by the next instance that meets it when its clock is right. */
  readonly raised: readonly string[];
}

/** How long the nodes may take to be reached. */
const REACH_MS = 5_000;

/**
 * Has tasks run again at once after clocks of nodes were set back, instead of when they show again what they showed before. To be called
 * when the clocks are right, from any machine whose clock is right; then restart the instances that ran meanwhile.
 *
 * The price: ticks that were granted ahead of their time, from now on until the time that the clocks had shown, may run once more when
 * they are due again, with the tokens and idempotency keys that they had. See docs/clock.md.
 * @throws DistributedScheduleError DSCHED_NOT_KEPT when no majority of nodes was reached; DSCHED_CLOCK_SKEW when the clock of one is not
 * right yet; DSCHED_BAD_REDIS, DSCHED_EVEN_NODES, DSCHED_SAME_NODE_TWICE, DSCHED_BAD_OPTION
 */
export async function raiseEpoch(options: RaiseEpochOptions): Promise<RaisedEpoch> {
  const { redis, nodeSetGeneration = 1, nodeTimeoutMs = DEFAULTS.nodeTimeoutMs } = options;
  requireName('namespace', options.namespace);
  const clock = new SystemClock();
  const connection = connectRedis({
    inputs: Array.isArray(redis) ? redis : [redis as RedisInput],
    namespace: options.namespace,
    instanceId: 'raise-epoch',
    generation: nodeSetGeneration,
    options: { nodeTimeoutMs, leaseTtlMs: DEFAULTS.leaseTtlMs },
    clock,
    random: new SystemRandom(),
    onTimeSample: () => undefined,
    onPresenceLost: () => undefined,
    onPresenceRestored: () => undefined,
    // What is wrong with a node is in the error, if it matters.
    onProblem: () => undefined,
  });
  try {
    await connection.verifyDistinct(REACH_MS);
    return await raise(connection, () => clock.wallMs());
  } finally {
    await connection.close();
  }
}

async function raise({ nodes, health }: RedisConnection, wallMs: () => number): Promise<RaisedEpoch> {
  const standing = await askAll(nodes, 0, wallMs);
  requireMajority(standing.length, nodes.length, health());
  for (const { label, skewMs } of standing) requireRightClock(label, skewMs, 'Nothing was changed');
  const epoch = Math.max(...standing.map((one) => one.epoch));
  const setBackMs = Math.max(...standing.map((one) => one.setBackMs));
  if (setBackMs === 0) return { epoch, setBackMs, raised: [] };
  // One that comes back meanwhile has shown nobody its clock: the next instance that meets it raises it when that is right.
  const seen = nodes.filter(({ label }) => standing.some((one) => one.label === label));
  const answered = await askAll(seen, epoch + 1, wallMs);
  for (const { label, skewMs } of answered) requireRightClock(label, skewMs, `Epoch ${epoch + 1} has begun`);
  requireMajority(answered.length, nodes.length, health());
  return { epoch: epoch + 1, setBackMs, raised: answered.map(({ label }) => label) };
}

/** Answers of one round. `skewMs`: how far the clock of a node is ahead of this machine's. */
async function askAll(nodes: readonly VotingNode[], epoch: number, wallMs: () => number) {
  const answers = await Promise.all(
    nodes.map(async (node) => {
      const reply = await node.raiseEpoch(epoch);
      if (!reply.answered) return [];
      return [{ label: node.label, ...reply.value, skewMs: reply.nodeTimeMs - wallMs() }];
    }),
  );
  return answers.flat();
}

function requireMajority(
  answered: number,
  nodes: number,
  health: ReturnType<RedisConnection['health']>,
): void {
  if (answered >= quorumOf(nodes)) return;
  const silent = health.filter(({ why }) => why !== undefined);
  const why = silent.map((node) => `${node.label}: ${node.why}`);
  throw new DistributedScheduleError(
    'DSCHED_NOT_KEPT',
    `${answered} of ${nodes} nodes answer, and a majority has to begin an epoch. ${why.join('. ')}. Repeat it when they do`,
    { value: answered },
  );
}

/** What is granted by a clock that is ahead now would have to be left behind next. */
function requireRightClock(label: string, skewMs: number, state: string): void {
  if (Math.abs(skewMs) <= ORDINARY_SKEW_MS) return;
  const where = `${spoken(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} that of this machine`;
  throw new DistributedScheduleError(
    'DSCHED_CLOCK_SKEW',
    `the clock of ${label} is ${where}. Set the one right that is wrong, and raise the epoch then. ${state}`,
    { value: Math.round(skewMs) },
  );
}
