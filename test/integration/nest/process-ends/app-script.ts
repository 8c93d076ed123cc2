/**
 * A process that makes apps and lets go of them in every way, and must then end by itself: `node app-script.ts <redis url> <up|down>`. It tells
 * each way with what keeps the process alive after it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  EverySecondExclusive,
  IdempotentExecutionModule,
  redisSnapshots,
} from 'nestjs-distributed-schedule';

const [redis = '', isStoreUp] = process.argv.slice(2);

/** A decision, or a farewell, goes on for a moment when the app is closed. */
const SETTLES_WITHIN_MS = 2_000;

@Injectable()
class Settlement {
  onSettle: (() => Promise<void>) | undefined;

  @EverySecondExclusive()
  async settle(): Promise<void> {
    const act = this.onSettle;
    this.onSettle = undefined;
    await act?.();
  }
}

@Module({
  imports: [
    DistributedScheduleModule.forRoot({ redis, namespace: 'process-ends', app: 'script' }),
    IdempotentExecutionModule.forRoot({ store: redisSnapshots({ redis }) }),
  ],
  providers: [Settlement],
})
class AppModule {}

@Module({ imports: [AppModule] })
class InitFails implements OnModuleInit {
  onModuleInit(): void {
    throw new Error('no migration');
  }
}

@Module({ imports: [AppModule] })
class BootstrapFails implements OnApplicationBootstrap {
  onApplicationBootstrap(): void {
    throw new Error('no queue');
  }
}

const quiet = { logger: false, abortOnError: false } as const;
const create = (type: Type) => NestFactory.create(type, quiet);
const createContext = (type: Type) => NestFactory.createApplicationContext(type, quiet);

const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
  'a test that compiles': () => Test.createTestingModule({ imports: [AppModule] }).compile(),
  create: () => create(AppModule),
  'create and close': async () => (await create(AppModule)).close(),
  'create, init and close': async () => (await (await create(AppModule)).init()).close(),
  'a context that is closed': async () => (await createContext(AppModule)).close(),
  'an app whose init fails': async () => (await create(InitFails)).init(),
  'an app whose bootstrap fails': async () => (await create(BootstrapFails)).init(),
  'a context whose init fails': () => createContext(InitFails),
  'a context whose bootstrap fails': () => createContext(BootstrapFails),
  ...(isStoreUp === 'up' && { 'a context that a handler closes': closeInHandler }),
};

async function closeInHandler(): Promise<void> {
  const app = await createContext(AppModule);
  await new Promise<void>((resolve) => {
    app.get(Settlement).onSettle = async () => {
      await app.close();
      resolve();
    };
  });
}

const keptOpen = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((resource) => /TCP|Timeout|DNS|GetAddrInfo/.test(resource));

for (const [way, go] of Object.entries(WAYS)) {
  // Caught, as scripts do that log an error and go on.
  const outcome = await go().then(
    () => 'done',
    (error: Error) => error.message,
  );
  // Sockets that are closed are gone in a later turn, and what a handler has left behind ends after the app.
  const untilMs = performance.now() + SETTLES_WITHIN_MS;
  while (keptOpen().length > 0 && performance.now() < untilMs) await nextTurn();
  process.stdout.write(`${[way, outcome, ...keptOpen()].join(': ')}\n`);
}
