// src/main.ts
import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TickContext } from 'nestjs-distributed-schedule';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';

@Injectable()
class Settlement {
  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext) {
    Logger.log(`second ${new Date(tick.tick).toISOString()} runs on ${tick.instanceId}`, 'Settlement');
  }
}

const store = { redis: process.env.REDIS_URL, namespace: 'shop-development' };
const options = process.argv.includes('--memory') ? { memory: true } : store; // of this one process

@Module({
  imports: [DistributedScheduleModule.forRoot({ app: 'shop', ...options })],
  providers: [Settlement],
})
class AppModule {}

// The hooks let a run end at Ctrl+C and SIGTERM, and hand over at once.
void NestFactory.createApplicationContext(AppModule).then((app) => app.enableShutdownHooks());
