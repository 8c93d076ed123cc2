/** Applications that share a store, as real Nest apps over a real server: by a namespace of their own, or by mistake. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CronExclusive,
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
  IdempotentExecutionModule,
  IdempotentExecutor,
  redisSnapshotCache,
  redisSnapshots,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endQuarantine, newNamespace, until } from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';
import { EventLog } from '../../unit/nest/event-log.js';
import { bootError } from '../../unit/nest/nest-app.js';

const EVERY_SECOND = '* * * * * *';
const MONTHLY = '0 0 3 1 * *';

const server = sharedRedis();

interface Running {
  /** Ticks that ran here. */
  readonly ticks: number[];
  readonly registry: DistributedScheduleRegistry;
  readonly once: IdempotentExecutor;
  readonly events: EventLog;
  close(): Promise<void>;
}

/** An app with the task that Nest's own documentation shows. */
async function start(
  expression: string,
  given: Partial<DistributedScheduleOptions>,
  modules: readonly Type[] = [],
): Promise<Running> {
  const ticks: number[] = [];
  @Injectable()
  class TasksService {
    @CronExclusive(expression, { timeZone: 'UTC' })
    handleCron({ tick }: TickContext): void {
      ticks.push(tick);
    }
  }
  const events = new EventLog();
  const schedule = DistributedScheduleModule.forRoot({ redis: server.url, observers: [events], ...given });
  const execution = IdempotentExecutionModule.forRoot({
    store: redisSnapshots({ redis: server.url }),
    cache: redisSnapshotCache({ redis: server.url }),
  });
  @Module({ imports: [schedule, execution, ...modules], providers: [TasksService] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  return {
    ticks,
    events,
    registry: app.get(DistributedScheduleRegistry),
    once: app.get(IdempotentExecutor),
    close: () => app.close(),
  };
}

describe('two applications in one namespace that have a task of one name', () => {
  it('the second to boot refuses, with both names and what to do, and the first goes on', async () => {
    const namespace = newNamespace();
    const ticker = await start(EVERY_SECOND, { namespace, app: 'ticker' });
    await until(() => ticker.registry.status().quorum, 'the first beat is answered');
    await endQuarantine(server, namespace);
    await until(() => ticker.ticks.length > 0, 'it runs');
    const client = server.client();
    const connections = async (): Promise<number> =>
      String(await client.call('CLIENT', 'LIST')).split('name=nestjs-distributed-schedule').length;
    const connected = await connections();
    const error = await bootError(start(MONTHLY, { namespace, app: 'invoices' }));
    expect(error).toMatchObject({ code: 'DSCHED_TWO_APPS', task: 'TasksService.handleCron' });
    expect(error.message).toContain("'ticker'");
    expect(error.message).toContain("'invoices'");
    const before = ticker.ticks.length;
    await until(() => ticker.ticks.length > before, 'the first goes on');
    await until(async () => (await connections()) === connected, 'the refused app has closed what it opened');
  });

  it('where both boot at once, none runs by the schedule of the other, and the second of them stops and says so', async () => {
    const namespace = newNamespace();
    const [first, second] = await Promise.allSettled([
      start(EVERY_SECOND, { namespace, app: 'ticker' }),
      start(MONTHLY, { namespace, app: 'invoices' }),
    ]);
    // Where one of them is a little slower it sees the other one before its first tick.
    const refused = [first, second].find((one) => one.status === 'rejected');
    if (refused !== undefined) {
      expect(refused).toMatchObject({ reason: { code: 'DSCHED_TWO_APPS' } });
      return;
    }
    const [ticker, invoices] = [first, second].map(
      (one) => (one as PromiseFulfilledResult<Running>).value,
    ) as [Running, Running];
    await until(() => ticker.registry.status().quorum, 'the first beat is answered');
    await endQuarantine(server, namespace);
    await sleep(4_000);
    expect(invoices.ticks).toEqual([]);
    const told = [ticker, invoices].flatMap(({ events }) => events.of('control'));
    expect(told.map(({ condition, isActive }) => [condition, isActive]).sort()).toEqual([
      ['name_shared', true],
      ['other_app', true],
    ]);
  });
});

describe('two applications in one namespace that share a store', () => {
  it('have results of their own, under whatever key', async () => {
    const namespace = newNamespace();
    const billing = await start(MONTHLY, { namespace, app: 'billing' });
    const shipping = await start(MONTHLY, { namespace, app: 'shipping', enabled: false });
    for (const key of ['order-17', '550e8400e29b41d4a716446655440000']) {
      expect(await billing.once.runOnce(key, async () => 'billed')).toMatchObject({ kind: 'ran' });
      expect(await shipping.once.runOnce(key, async () => 'shipped')).toMatchObject({
        kind: 'ran',
        output: 'shipped',
      });
    }
  });
});

describe('a staging and a production app on one server', () => {
  it('have ticks and results of their own', async () => {
    const [staging, production] = [newNamespace(), newNamespace()];
    const one = await start(EVERY_SECOND, { namespace: staging, app: 'shop' });
    const other = await start(EVERY_SECOND, { namespace: production, app: 'shop' });
    await until(() => one.registry.status().quorum && other.registry.status().quorum, 'both are answered');
    for (const namespace of [staging, production]) await endQuarantine(server, namespace);
    await until(() => one.ticks.length > 1 && other.ticks.length > 1, 'both run');
    for (const key of ['order-17', '550e8400e29b41d4a716446655440000']) {
      expect(await one.once.runOnce(key, async () => 'staging')).toMatchObject({ kind: 'ran' });
      expect(await other.once.runOnce(key, async () => 'production')).toMatchObject({
        kind: 'ran',
        output: 'production',
      });
    }
  });
});
