import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';
import type { Contestant } from '../contestant.js';
import { providerWith } from './every-second.js';

export const OURS: Contestant = {
  async start({ redisUrls, namespace, tasks }, ran) {
    class BenchModule {}
    Module({
      imports: [DistributedScheduleModule.forRoot({ redis: redisUrls, namespace, app: 'bench' })],
      providers: [providerWith(tasks, (index) => EverySecondExclusive({ name: `chore${index}` }), ran)],
    })(BenchModule);
    await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  },
};
