/** A run that goes on while its instance shuts down, for longer than a beat counts and than a lease is trusted without renewals. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { startTaskApp } from '../../support/task-app.js';

async function start(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}

/** Member's time to live and lease's time to live, 3 s each, and some more. */
const DRAIN_MS = 8_000;

it.each([1, 3])(
  'keeps its lease while the shutdown waits for it, on %i nodes',
  async (count) => {
    const servers = await Promise.all(Array.from({ length: count }, start));
    let begun: (tick: TickContext) => void = () => {};
    const first = new Promise<TickContext>((resolve) => {
      begun = resolve;
    });
    let end: () => void = () => {};
    const goesOn = new Promise<void>((resolve) => {
      end = resolve;
    });
    const app = await startTaskApp(
      { redis: servers.map(({ url }) => url), shutdownTimeoutMs: 60_000 },
      (tick) => {
        begun(tick);
        return goesOn;
      },
    );
    const { signal } = await first;
    const closed = app.close();
    await sleep(DRAIN_MS);
    const reason = signal.aborted ? String(signal.reason) : 'trusted';
    end();
    await closed;
    expect(reason).toBe('trusted');
  },
  60_000,
);

// Nobody beats any more that could learn its new id: the refusal of a renewal has to teach it.
it('keeps its lease while one of three nodes comes back empty meanwhile, noted by others', async () => {
  const servers = await Promise.all(Array.from({ length: 3 }, start));
  const options = { redis: servers.map(({ url }) => url), shutdownTimeoutMs: 60_000 };
  let begun: (tick: TickContext) => void = () => {};
  const first = new Promise<TickContext>((resolve) => {
    begun = resolve;
  });
  let end: () => void = () => {};
  const goesOn = new Promise<void>((resolve) => {
    end = resolve;
  });
  const app = await startTaskApp(options, (tick) => {
    begun(tick);
    return goesOn;
  });
  const { signal } = await first;
  // Notes the new memory, and has no run of the task while the lock is held.
  const other = await startTaskApp(options, () => undefined);
  const closed = app.close();
  await servers[0]?.restartEmpty();
  await sleep(DRAIN_MS);
  const reason = signal.aborted ? String(signal.reason) : 'trusted';
  end();
  await closed;
  await other.close();
  expect(reason).toBe('trusted');
}, 60_000);
