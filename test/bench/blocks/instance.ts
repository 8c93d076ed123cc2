/** Real Nest applications with a handler for tasks that are added, or with tasks of one moment. */

import 'reflect-metadata';
import { type INestApplicationContext, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CronExclusive,
  DistributedScheduleModule,
  ExclusiveHandler,
  type TickContext,
} from 'nestjs-distributed-schedule';

export const HANDLER = 'report';

/** A provider with one handler for tasks that are added at run time. */
export function handlerProvider(): Type {
  class Reports {}
  define(Reports, 'report', () => undefined, ExclusiveHandler({ name: HANDLER }));
  return Reports;
}

/** A provider with so many tasks of one cron expression. */
export function cronProvider(tasks: number, cron: string, run: (tick: TickContext) => void): Type {
  class Chores {}
  for (let index = 0; index < tasks; index += 1) {
    const name = `chore ${index}`;
    define(Chores, `chore${index}`, run, CronExclusive(cron, { name, timeZone: 'Europe/Berlin' }));
  }
  return Chores;
}

export async function startInstance(
  redis: readonly string[],
  provider: Type,
): Promise<INestApplicationContext> {
  class BenchModule {}
  const schedule = DistributedScheduleModule.forRoot({ redis, namespace: 'bench', app: 'bench' });
  Module({ imports: [schedule], providers: [provider] })(BenchModule);
  return NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
}

function define(
  target: Type,
  method: string,
  value: (tick: TickContext) => void,
  decorate: ReturnType<typeof ExclusiveHandler>,
): void {
  const descriptor: PropertyDescriptor = { value, configurable: true, writable: true };
  Object.defineProperty(target.prototype, method, descriptor);
  decorate(target.prototype, method, descriptor);
  Injectable()(target);
}
