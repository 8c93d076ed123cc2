import { setTimeout as sleep } from 'node:timers/promises';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { startRedis } from '../support/redis-server.js';
import { describeSnapshotStore } from './snapshot-store.suite.js';

/** Longer than a pause of a busy machine between two calls of a test. */
const TAKEOVER_MS = 1_500;

for (const cluster of [false, true]) {
  describeSnapshotStore(cluster ? 'in a Redis Cluster' : 'in Redis', async () => {
    const server = await startRedis({ cluster });
    const parts = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'conformance' };
    const client = server.client();
    const open = () =>
      redisSnapshots({ redis: client, takeoverMs: TAKEOVER_MS, timeoutMs: 5_000 }).open(parts);
    const [mine, yours] = [open(), open()];
    return {
      mine,
      yours,
      // The server sees nothing of a process that dies.
      crash: async () => undefined,
      passTakeover: () => sleep(TAKEOVER_MS),
      close: async () => {
        await Promise.all([mine.close(), yours.close()]);
        await server.stop();
      },
    };
  });
}
