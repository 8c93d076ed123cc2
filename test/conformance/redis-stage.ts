/** One instance's way to real servers, for the conformance suites. */

import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis, type RedisConnection } from '#src/redis/redis-connection.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import type { RedisServer } from '../support/redis-server.js';

/** Longer than any pause of a busy machine: a suite asks what is answered, not how fast. */
const PATIENCE_MS = 2_000;
const CONNECTED_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** Resolves when every node answers and shows the instance's presence. */
export async function connectStage(
  servers: readonly RedisServer[],
  instanceId: string,
): Promise<RedisConnection> {
  const connection = connectRedis({
    inputs: servers.map(({ url }) => url),
    namespace: 'conformance',
    instanceId,
    generation: 1,
    options: { nodeTimeoutMs: PATIENCE_MS, leaseTtlMs: 3_000 },
    clock: new SystemClock(),
    random: new SystemRandom(),
    onTimeSample: () => undefined,
    onPresenceLost: () => undefined,
    onPresenceRestored: () => undefined,
    onProblem: () => undefined,
  });
  const deadlineMs = performance.now() + CONNECTED_WITHIN_MS;
  while (!connection.health().every(({ answering, presence }) => answering && presence)) {
    if (performance.now() > deadlineMs) {
      throw new Error(
        `not connected within ${CONNECTED_WITHIN_MS} ms: ${JSON.stringify(connection.health())}`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
  return connection;
}
