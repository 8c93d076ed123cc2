import { Test } from '@nestjs/testing';
import { DistributedScheduleModule, DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import { tickEnded } from 'nestjs-distributed-schedule/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GENEROUS_STORE } from '../nest/generous-store.js';
import { bootError, bootWith, LogCapture } from '../nest/nest-app.js';
import { appModule, forbiddenCluster, Shop } from './shop.js';

let cluster: Awaited<ReturnType<typeof forbiddenCluster>>;
beforeEach(async () => {
  cluster = await forbiddenCluster();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster.close();
});

const bootShop = (options: object = cluster.options) => bootWith({ imports: [appModule(options)] });

describe('NEST_DISTRIBUTED_SCHEDULE', () => {
  it('not set leaves the app to its nodes', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', undefined);
    await bootShop();
    expect(cluster.visits()).toBeGreaterThan(0);
  });

  it('memory: tasks run in this process, in real time, and no node is visited', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'memory');
    const { app, logs } = await bootShop();
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.store().strength).toBe('memory');
    expect(await tickEnded(registry, { task: 'settle' })).toMatchObject({ outcome: 'success' });
    expect(app.get(Shop).settled.length).toBeGreaterThan(0);
    expect(cluster.visits()).toBe(0);
    expect(logs.ours('log').join('\n')).toContain(
      'NEST_DISTRIBUTED_SCHEDULE=memory: this app keeps away from the nodes of its options. Its tasks run in this process alone.',
    );
    expect(logs.ours('warn').filter((line) => line.includes('replicas'))).toEqual([]);
  });

  it('off: the tasks are there, none runs, and no node is visited', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'off');
    const { app, logs } = await bootShop();
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.has('settle')).toBe(true);
    expect(registry.status().state).toBe('idle');
    expect(cluster.visits()).toBe(0);
    expect(logs.ours('log').join('\n')).toContain('No task runs.');
  });

  it('does not look at options that lead to a store: they are not set where tests run', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'off');
    await bootShop({ redis: undefined, waitReplicas: 2, takeOver: 'x' });
    await bootShop({ redis: '', namespace: undefined });
  });

  it('replaces a lock provider and a ledger of the options too: they lead to a store as well', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'memory');
    const tryAcquire = vi.fn(GENEROUS_STORE.lockProvider.tryAcquire);
    const { app } = await bootShop({
      ...GENEROUS_STORE,
      lockProvider: { ...GENEROUS_STORE.lockProvider, tryAcquire },
    });
    await tickEnded(app.get(DistributedScheduleRegistry), { task: 'settle' });
    expect(tryAcquire).not.toHaveBeenCalled();
  });

  it('still refuses what is wrong with the other options', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'off');
    expect((await bootError(bootShop({ lease: { ttl: 5 } }))).message).toContain("no option 'lease.ttl'");
    const imports = [DistributedScheduleModule.forRootAsync({ useFactory: () => undefined as never })];
    expect((await bootError(bootWith({ imports }))).message).toContain('must be an object');
  });

  it.each(['memmory', '', 'OFF', 'true'])('%j stops the boot before anything is connected', async (value) => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', value);
    expect((await bootError(bootShop())).message).toBe(
      `DSCHED_BAD_OPTION: the environment variable NEST_DISTRIBUTED_SCHEDULE is "${value}"; it takes memory (tasks run in this ` +
        'process alone) or off (no task runs). Remove it where the app is to reach its nodes',
    );
    expect(cluster.visits()).toBe(0);
  });
});

describe('an app that is only compiled under it', () => {
  it('closes', async () => {
    vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'off');
    const builder = Test.createTestingModule({ imports: [appModule(cluster.options)] });
    const testing = await builder.setLogger(new LogCapture()).compile();
    onTestFinished(() => testing.close());
    await expect(testing.close()).resolves.toBeUndefined();
  });
});
