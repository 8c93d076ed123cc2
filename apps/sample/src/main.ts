// src/main.ts
import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DistributedScheduleModule,
  EverySecondExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';

@Injectable()
class Settlement {
  private readonly logger = new Logger(Settlement.name);

  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext) {
    this.logger.log(`second ${new Date(tick.tick).toISOString()} runs on ${tick.instanceId}`);
  }
}

// Without REDIS_URL the schedule lives in the memory of this one process.
const redis = process.env.REDIS_URL;
const store = redis === undefined ? {} : { redis, namespace: 'shop-development' };

@Module({
  imports: [DistributedScheduleModule.forRoot({ app: 'shop', ...store })],
  providers: [Settlement],
})
class AppModule {}

async function bootstrap() {
  const app = await NestFactory.createApplicationContext(AppModule);
  app.enableShutdownHooks(); // Ctrl+C and SIGTERM let a run end, and hand over at once
}

void bootstrap();
