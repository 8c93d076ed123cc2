/** One instance inside the test's own process: a Nest application with a single task that is due every second. */

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  EverySecondExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';

export interface TaskApp {
  close(): Promise<void>;
}

/** Starts the instance, of app and namespace `test` unless they are given. Its handler is called as that of a decorated method would be. */
export async function startTaskApp(
  options: DistributedScheduleOptions,
  handler: (tick: TickContext) => unknown,
): Promise<TaskApp> {
  class Work {
    run(tick: TickContext): unknown {
      return handler(tick);
    }
  }
  // A class of its own per instance, and so no decorator syntax: handlers differ.
  const method = Object.getOwnPropertyDescriptor(Work.prototype, 'run') ?? {};
  EverySecondExclusive({ name: 'work' })(Work.prototype, 'run', method);
  Injectable()(Work);
  class TaskModule {}
  const schedule = DistributedScheduleModule.forRoot({ app: 'test', namespace: 'test', ...options });
  Module({ imports: [schedule], providers: [Work] })(TaskModule);
  const app = await NestFactory.createApplicationContext(TaskModule, { logger: false, abortOnError: false });
  return { close: () => app.close() };
}
