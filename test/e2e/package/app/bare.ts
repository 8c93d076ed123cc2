// An app that never had @nestjs/schedule, nor any other optional peer.

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CronExclusive, CronExpression, DistributedScheduleModule } from 'nestjs-distributed-schedule';

@Injectable()
class Settlement {
  readonly ticks: number[] = [];
  onSecondTick = (): void => {};

  @CronExclusive(CronExpression.EVERY_SECOND, { name: 'settle' })
  settle(): void {
    this.ticks.push(this.ticks.length);
    if (this.ticks.length === 2) this.onSecondTick();
  }
}

@Module({
  imports: [DistributedScheduleModule.forRoot({ namespace: 'shop' })],
  providers: [Settlement],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const settlement = app.get(Settlement);
  await new Promise<void>((resolve) => {
    settlement.onSecondTick = resolve;
  });
  await app.close();
  process.stdout.write(JSON.stringify({ ticks: settlement.ticks }));
}

void main();
