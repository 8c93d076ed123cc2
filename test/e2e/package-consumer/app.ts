// What a user of the published package writes. Compiled and run in a folder of its own by package.test.ts.

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import {
  DistributedScheduleModule,
  EverySecondExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';

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
}

@Module({
  imports: [ScheduleModule.forRoot(), DistributedScheduleModule.forRoot({ namespace: 'shop' })],
  providers: [Settlement],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const settlement = app.get(Settlement);
await new Promise<void>((resolve) => {
  settlement.onEnough = resolve;
});
await app.close();
process.stdout.write(JSON.stringify(settlement.ticks));
