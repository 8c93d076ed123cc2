/** A run that goes on while its instance shuts down, for longer than a beat counts and than a lease is trusted without renewals. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it } from 'vitest';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedis } from '../../support/shared-servers.js';
import { startTaskApp } from '../../support/task-app.js';

async function start(): Promise<RedisServer> {
  const server = await ownRedis();
  return server;
}

/** Member's time to live and lease's time to live, 3 s each, and some more. */
const DRAIN_MS = 8_000;

/** An app in the middle of a run, which `end` ends. */
async function startRunning(options: Parameters<typeof startTaskApp>[0]) {
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
  return { app, signal, end };
}

/** What has become of the lease after a long drain. */
async function drain(
  { app, signal, end }: Awaited<ReturnType<typeof startRunning>>,
  meanwhile: () => unknown,
) {
  const closed = app.close();
  await meanwhile();
  await sleep(DRAIN_MS);
  const lease = signal.aborted ? String(signal.reason) : 'trusted';
  end();
  await closed;
  return lease;
}

it.each([1, 3])(
  'keeps its lease while the shutdown waits for it, on %i nodes',
  async (count) => {
    const servers = await Promise.all(Array.from({ length: count }, start));
    const running = await startRunning({ redis: servers.map(({ url }) => url), shutdownTimeoutMs: 60_000 });
    expect(await drain(running, () => undefined)).toBe('trusted');
  },
  60_000,
);

// Nobody beats any more that could learn its new id: the refusal of a renewal has to teach it.
it('keeps its lease while one of three nodes comes back empty meanwhile, noted by others', async () => {
  const servers = await Promise.all(Array.from({ length: 3 }, start));
  const options = { redis: servers.map(({ url }) => url), shutdownTimeoutMs: 60_000 };
  const running = await startRunning(options);
  // Notes the new memory, and has no run of the task while the lock is held.
  const other = await startTaskApp(options, () => undefined);
  const lease = await drain(running, () => servers[0]?.restartEmpty());
  await other.close();
  expect(lease).toBe('trusted');
}, 60_000);
