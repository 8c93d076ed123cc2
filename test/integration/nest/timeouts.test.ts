/** Timeouts of several instances over one real store: once per deployment key, whoever boots when. */

import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  type TickContext,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endQuarantine, newNamespace, until } from '../../support/redis-instances.js';
import { sharedRedises } from '../../support/shared-servers.js';

const servers = sharedRedises(3);

interface Deployment {
  readonly namespace: string;
  readonly key: string;
  readonly delayMs: number;
  readonly runs: TickContext[];
  readonly app?: string;
}

async function boot({ namespace, key, delayMs, runs, app: name = 'warm-up' }: Deployment) {
  @Injectable()
  class WarmUp {
    @TimeoutExclusive('warm up', delayMs)
    run(tick: TickContext): void {
      runs.push(tick);
    }
  }
  const schedule = DistributedScheduleModule.forRoot({
    redis: servers.map(({ url }) => url),
    namespace,
    app: name,
    deploymentKey: key,
  });
  const testing = await Test.createTestingModule({ imports: [schedule], providers: [WarmUp] }).compile();
  const app = testing.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  const registry = app.get(DistributedScheduleRegistry);
  const nextTick = (): number | undefined => registry.get('warm up').nextTick;
  return { app, nextTick, quorum: () => registry.status().quorum };
}

/** New stores grant nothing at first. Answers how to end the instance that has asked them. */
async function wakeStores(namespace: string): Promise<() => Promise<void>> {
  const waker = await boot({ namespace, key: 'waker', delayMs: 600_000, runs: [] });
  await until(waker.quorum, 'the stores answer');
  for (const server of servers) await endQuarantine(server, namespace);
  return () => waker.app.close();
}

describe('@TimeoutExclusive', () => {
  it('runs once on instances that boot together, not again after a restart, and again for a new key', async () => {
    const namespace = 'timeouts-together';
    await wakeStores(namespace);
    const runs: TickContext[] = [];
    const old = { namespace, key: 'build 7', delayMs: 1_500, runs };
    const replicas = await Promise.all([1, 2, 3, 4].map(() => boot(old)));
    await until(() => runs.length > 0, 'the timeout runs');
    // Each is over on every instance: it has run it, or has heard that it is taken.
    await until(() => replicas.every(({ nextTick }) => nextTick() === undefined), 'it is over everywhere');
    await Promise.all(replicas.map(({ app }) => app.close()));
    const restarted = await boot(old);
    await until(() => restarted.nextTick() === undefined, 'the restarted instance hears that it has run');
    expect(runs).toHaveLength(1);
    await boot({ ...old, key: 'build 8' });
    await until(() => runs.length > 1, 'the next build runs it');
    expect(new Set(runs.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  }, 60_000);

  it('runs once on stores that were new a moment ago and keep their floors, not again after a restart', async () => {
    const namespace = 'timeouts-new-stores';
    const runs: TickContext[] = [];
    // Due before the stores grant anything: the try ten seconds later has it run.
    const old = { namespace, key: 'build 7', delayMs: 100, runs };
    const replicas = await Promise.all([1, 2].map(() => boot(old)));
    await until(() => runs.length > 0, 'the timeout runs');
    for (const server of servers) {
      expect(Number(await server.client().hget(`{${namespace}}:ledger`, 'floor'))).toBeGreaterThan(0);
    }
    await Promise.all(replicas.map(({ app }) => app.close()));
    const restarted = await boot({ ...old, delayMs: 0 });
    await until(() => restarted.nextTick() === undefined, 'the restarted instance hears that it has run');
    expect(runs).toHaveLength(1);
    await boot({ ...old, key: 'build 8' });
    await until(() => runs.length > 1, 'the next build runs it');
    expect(runs).toHaveLength(2);
    expect(new Set(runs.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  }, 60_000);

  it('is due when the first instance said, also on one that boots later and after that one is gone', async () => {
    const namespace = 'timeouts-first';
    await wakeStores(namespace);
    const runs: TickContext[] = [];
    const first = await boot({ namespace, key: 'build 7', delayMs: 4_000, runs });
    await until(() => first.quorum(), 'the first instance hears the stores');
    const due = first.nextTick() ?? 0;
    const second = await boot({ namespace, key: 'build 7', delayMs: 600_000, runs });
    await until(() => Math.abs((second.nextTick() ?? 0) - due) < 200, 'the second instance hears of it');
    const agreed = second.nextTick();
    await first.app.close();
    await until(() => runs.length > 0, 'the second instance runs it');
    expect(runs.map(({ tick }) => tick)).toEqual([agreed]);
  });
});

describe('timeouts of one name and key of two apps', () => {
  it('run once for each, the second when the first app has gone', async () => {
    const namespace = newNamespace();
    const endWaker = await wakeStores(namespace);
    const runs: TickContext[] = [];
    const first = await boot({ namespace, key: 'v1', delayMs: 200, runs });
    await until(() => runs.length === 1, 'the first app runs it');
    await Promise.all([first.app.close(), endWaker()]);
    const second = { namespace, key: 'v1', delayMs: 200, runs, app: 'another' };
    const boots = (): Promise<boolean> =>
      boot(second).then(
        () => true,
        () => false,
      );
    await until(boots, 'its name is free');
    await until(() => runs.length === 2, 'the second app runs its own');
  }, 60_000);
});
