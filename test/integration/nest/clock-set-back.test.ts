/** Servers whose clocks were an hour ahead and are set right: what is said, what is refused, and the way out. */

import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  raiseEpoch,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { ownRedises } from '../../support/shared-servers.js';
import { bootWith } from '../../unit/nest/nest-app.js';

const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 90_000;

const canSetClocks = (await ClockShim.build()) !== undefined;

@Injectable()
class Settlement {
  static ticks: number[] = [];

  @EverySecondExclusive({ name: 'settle' })
  settle({ tick }: { readonly tick: number }): void {
    Settlement.ticks.push(tick);
  }
}

async function startServers(
  count: number,
): Promise<{ readonly servers: readonly RedisServer[]; readonly shim: ClockShim }> {
  Settlement.ticks = [];
  const shim = await ClockShim.build();
  if (shim === undefined) throw new Error('no clock shim');
  onTestFinished(() => shim.close());
  const servers = await ownRedises(count, { env: shim.env() });
  return { servers, shim };
}

const storeOf = (servers: readonly RedisServer[]) => ({
  redis: servers.map(({ url }) => url),
  namespace: 'shop',
});

async function boot(servers: readonly RedisServer[], given: DistributedScheduleOptions = {}) {
  const { app, logs } = await bootWith({
    imports: [
      DistributedScheduleModule.forRoot({ ...storeOf(servers), app: 'shop', ...given }),
      DistributedScheduleHealthModule,
    ],
    providers: [Settlement],
  });
  return {
    app,
    registry: app.get(DistributedScheduleRegistry),
    readiness: () => app.get(DistributedScheduleHealthIndicator).isReady('schedule').schedule,
    said: () => logs.ours('warn'),
  };
}

/** Whether a tick has run since then. */
const ranSince = (atMs: number) => (): boolean =>
  Settlement.ticks.some((tick) => Math.abs(tick - atMs) < 60_000);

describe.skipIf(!canSetClocks).each([1, 3])('%i servers whose clocks are set back by an hour', (count) => {
  it(
    'are named, and run tasks again as soon as the epoch is raised',
    async () => {
      const { servers, shim } = await startServers(count);
      shim.setOffset(HOUR_MS);
      const before = await boot(servers);
      await expect.poll(ranSince(Date.now() + HOUR_MS)).toBe(true);
      expect(before.said().join('\n')).toContain('node 1: its clock is 1 h ahead of that of this machine');
      await before.app.close();

      // The clocks are not right yet: what is granted next would have to be left behind as well.
      await expect(raiseEpoch(storeOf(servers))).rejects.toMatchObject({ code: 'DSCHED_CLOCK_SKEW' });
      shim.setOffset(0);
      const { registry, readiness, said } = await boot(servers);
      await expect.poll(() => registry.get('settle').lastReport?.outcome).toBe('clock_set_back');
      expect(readiness()).toMatchObject({ status: 'degraded' });
      expect(JSON.stringify(readiness())).toMatch(/set back by at least (59 min|1 h)/);
      await expect.poll(() => said().join('\n')).toMatch(/No task can start: the clocks? of node 1/);
      await expect.poll(() => said().join('\n')).toMatch(/was run by nobody .* set back by at least/);
      expect(ranSince(Date.now())()).toBe(false);

      const raised = await raiseEpoch(storeOf(servers));
      expect(raised).toMatchObject({ epoch: 1, raised: servers.map((_, index) => `node ${index + 1}`) });
      expect(raised.setBackMs).toBeGreaterThan(HOUR_MS - 120_000);
      await expect.poll(ranSince(Date.now())).toBe(true);
      await expect.poll(() => JSON.stringify(readiness())).not.toContain('set back');
      expect(await raiseEpoch(storeOf(servers))).toEqual({ epoch: 1, setBackMs: 0, raised: [] });
    },
    TIMEOUT_MS,
  );
});

it.skipIf(!canSetClocks)(
  'a single server gives no vote while its clock differs by more than refuseSkewMs, and says so with a code',
  async () => {
    const { servers, shim } = await startServers(1);
    shim.setOffset(HOUR_MS);
    const { registry, readiness } = await boot(servers, { refuseSkewMs: 5_000 });
    await expect.poll(() => registry.store().nodes[0]?.problem).toBe('DSCHED_CLOCK_SKEW');
    expect(registry.store().nodes[0]?.why).toBe(
      'its clock is 1 h ahead of that of this machine, and refuseSkewMs allows 5000 ms: set the clock right that is wrong',
    );
    expect(JSON.stringify(readiness())).toContain('DSCHED_CLOCK_SKEW');
    expect(Settlement.ticks).toEqual([]);
    shim.setOffset(0);
    await expect.poll(ranSince(Date.now())).toBe(true);
    // Nor does it follow a clock that goes wrong later.
    shim.setOffset(HOUR_MS);
    await expect.poll(() => registry.store().nodes[0]?.problem).toBe('DSCHED_CLOCK_SKEW');
    shim.setOffset(0);
    const rightAgainMs = Date.now();
    await expect.poll(() => Settlement.ticks.some((tick) => tick > rightAgainMs)).toBe(true);
  },
  TIMEOUT_MS,
);

it(
  'an epoch is not raised where no majority is reached',
  async () => {
    const server = await startRedis();
    await server.stop();
    await expect(raiseEpoch(storeOf([server]))).rejects.toMatchObject({ code: 'DSCHED_NOT_KEPT' });
  },
  TIMEOUT_MS,
);
