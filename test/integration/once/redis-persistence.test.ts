import { afterEach, describe, expect, it } from 'vitest';
import { runOnce } from '#src/once/run-once.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const PLATFORM = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'persistence' };

/** What docs/idempotence.md says of a server that is killed. What a machine without power loses no test here can show. */
describe('a success in Redis, when the server is killed and started again,', () => {
  let server: RedisServer;
  afterEach(() => server?.stop());

  it.each([
    ['is kept with appendfsync always', ['--appendonly', 'yes', '--appendfsync', 'always'], 'replayed', 1],
    [
      'is kept with appendfsync everysec',
      ['--appendonly', 'yes', '--appendfsync', 'everysec'],
      'replayed',
      1,
    ],
    ['is kept with appendfsync no', ['--appendonly', 'yes', '--appendfsync', 'no'], 'replayed', 1],
    ['is forgotten without an append-only file, and the effect runs again', [], 'ran', 2],
  ] as const)('%s', async (_, args, next, effects) => {
    server = await startRedis({ args });
    const store = redisSnapshots({ redis: server.url, timeoutMs: 5_000 }).open(PLATFORM);
    try {
      let runs = 0;
      const parts = {
        ...PLATFORM,
        store,
        patience: DEFAULT_PATIENCE,
        digest: sha256Hex,
        mostKeptChars: 1_000,
      };
      const run = () =>
        runOnce(parts, { jobId: sha256Hex('job').slice(0, 32) }, () => {
          runs += 1;
        });
      expect(await run()).toMatchObject({ kind: 'ran' });
      // With everysec an append waits, up to 2 s, for a flush of the disk that is under way.
      await expect.poll(() => server.client().info('persistence')).not.toMatch(/aof_buffer_length:[1-9]/);
      await server.kill();
      await server.start();
      expect(await run()).toMatchObject({ kind: next });
      expect(runs).toBe(effects);
    } finally {
      await store.close();
    }
  });
});
