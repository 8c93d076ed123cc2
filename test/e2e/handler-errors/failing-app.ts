/** An app whose handlers fail in every way, with a hook that fails as well. Ends with 0 when each has failed a few times. */

import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DistributedScheduleModule,
  type ExclusiveTaskOptions,
  IntervalExclusive,
  type TickContext,
} from '#src/index.js';

const PERIOD_MS = 500;
const TIMEOUT_MS = 20;
const TIMES = 3;

const rejectLate = async (delayMs: number): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  throw new Error('late');
};

const HANDLERS: Readonly<Record<string, (tick: TickContext) => unknown>> = {
  'throws at once': () => {
    throw new Error('at once');
  },
  'throws undefined': () => {
    throw undefined;
  },
  rejects: () => Promise.reject(new Error('rejected')),
  'rejects with undefined': () => Promise.reject(undefined),
  'rejects after an await': () => rejectLate(5),
  'rejects when its time is up': ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  'rejects long after its time was up': () => rejectLate(10 * TIMEOUT_MS),
  'answers with a thenable that throws': () => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what this handler answers with
    then: () => {
      throw new Error('thenable');
    },
  }),
};

const told = new Map<string, number>();
const options: ExclusiveTaskOptions = { timeoutMs: TIMEOUT_MS, retry: { attempts: 2, baseMs: 1 } };

class Failing {}
for (const [name, handler] of Object.entries(HANDLERS)) {
  const descriptor = { value: handler, configurable: true, writable: true };
  Object.defineProperty(Failing.prototype, name, descriptor);
  IntervalExclusive(PERIOD_MS, { ...options, name })(Failing.prototype, name, descriptor);
}
Injectable()(Failing);

class AppModule {}
const schedule = DistributedScheduleModule.forRoot({
  bids: { staggerMs: 20 },
  onError: (_error, { task }) => {
    told.set(task, (told.get(task) ?? 0) + 1);
    if (task === 'rejects') throw new Error('the hook throws');
    return Promise.reject(new Error('the hook rejects'));
  },
});
Module({ imports: [schedule], providers: [Failing] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
const names = Object.keys(HANDLERS);
while (!names.every((name) => (told.get(name) ?? 0) >= TIMES)) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await app.close();
process.stdout.write('survived\n');
