// What a user of the published package writes: every entry point, in memory mode. Compiled and run with each
// combination of versions and module system, so it uses nothing that only one of them has.

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, CronExpression, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  DistributedScheduleModule,
  EverySecondExclusive,
  Exclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { fenceSql } from 'nestjs-distributed-schedule/postgres';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { ManualClock } from 'nestjs-distributed-schedule/testing';

const ENOUGH_TICKS = 2;

@Injectable()
class Settlement {
  readonly ticks: number[] = [];
  onEnough = (): void => {};

  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext): void {
    this.ticks.push(tick.tick);
    if (this.ticks.length === ENOUGH_TICKS) this.onEnough();
  }

  @Exclusive()
  @Cron(CronExpression.EVERY_DAY_AT_3AM, { name: 'report' })
  report(): void {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM, { name: 'plain' })
  plain(): void {}
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    DistributedScheduleModule.forRoot({ namespace: 'shop' }),
    DistributedScheduleHealthModule,
  ],
  providers: [Settlement],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const settlement = app.get(Settlement);
  await new Promise<void>((resolve) => {
    settlement.onEnough = resolve;
  });
  const health = app.get(DistributedScheduleHealthIndicator);
  const { schedule } = await health.isReady('schedule');
  const { schedule: started } = await health.isStarted('schedule');
  const jobs = [...app.get(SchedulerRegistry).getCronJobs().keys()].sort();
  await app.close();
  const seen = {
    ticks: settlement.ticks,
    ready: schedule?.status,
    started: started?.status,
    jobs,
    entries: [typeof fenceSql, typeof ManualClock],
  };
  process.stdout.write(JSON.stringify(seen));
}

void main();
