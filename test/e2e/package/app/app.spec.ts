// What a user's first test looks like, with the globals of Jest, which vitest has as well.

import 'reflect-metadata';
import { equal } from 'node:assert/strict';
import { Injectable, Module } from '@nestjs/common';
import { Cron, CronExpression, ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';
import { DistributedScheduleHealthModule } from 'nestjs-distributed-schedule/terminus';
import { ManualClock } from 'nestjs-distributed-schedule/testing';

declare const it: (title: string, run: () => Promise<void>, timeoutMs: number) => void;

const TIMEOUT_MS = 20_000;

@Injectable()
class Settlement {
  onSecondTick = (): void => {};
  private ticks = 0;

  @EverySecondExclusive({ name: 'settle' })
  settle(): void {
    this.ticks += 1;
    if (this.ticks === 2) this.onSecondTick();
  }

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

it(
  'ticks',
  async () => {
    const tested = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = tested.createNestApplication({ logger: false });
    const secondTick = new Promise<void>((resolve) => {
      app.get(Settlement).onSecondTick = resolve;
    });
    await app.init();
    await secondTick;
    await app.close();
    equal(typeof ManualClock, 'function');
  },
  TIMEOUT_MS,
);
