import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import type { Contestant, Ran } from '../contestant.js';
import { providerWith } from './every-second.js';

export const NEST_SCHEDULE: Contestant = {
  start: ({ tasks }, ran) => startCrons(tasks, ran),
};

/** An app of plain `@Cron` methods. */
export async function startCrons(tasks: number, ran: Ran, run?: (index: number) => unknown): Promise<void> {
  class BenchModule {}
  Module({
    imports: [ScheduleModule.forRoot()],
    providers: [providerWith(tasks, () => Cron('* * * * * *'), ran, run)],
  })(BenchModule);
  await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
}
