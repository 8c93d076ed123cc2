/**
 * What a request-scoped provider costs that is made anew for each run (`perTick`), and whether anything of it stays:
 *
 *     npm run bench:per-tick
 *
 * Ends with 1 when instances of past runs are still alive, or the heap grows with their number.
 */

import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable, Module, Scope } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { perTickHandlerOf } from '#src/nest/tick-handler.factory.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';

const ROUNDS = 4;
const RUNS_PER_ROUND = 5_000;
const MAX_GROWTH_BYTES_PER_RUN = 20;
const BALLAST_BYTES = 10_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const instances: WeakRef<object>[] = [];
class Work {
  readonly ballast = Buffer.alloc(BALLAST_BYTES);

  run(): void {
    instances.push(new WeakRef(this));
  }
}
Injectable({ scope: Scope.REQUEST })(Work);
class AppModule {}
Module({ imports: [DiscoveryModule], providers: [Work] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const wrapper = app
  .get(DiscoveryService)
  .getProviders()
  .find(({ token }) => token === Work);
if (wrapper === undefined) throw new Error('the provider is not found');
const handler = perTickHandlerOf(wrapper, 'run');

const heaps: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const startMs = performance.now();
  for (let run = 0; run < RUNS_PER_ROUND; run += 1) {
    await handler({ task: 'work', tick: round * RUNS_PER_ROUND + run } as TickContext);
  }
  const usEach = ((performance.now() - startMs) / RUNS_PER_ROUND) * 1_000;
  // Nothing is collected within the turn in which a WeakRef to it was made.
  await new Promise((resolve) => setTimeout(resolve, 10));
  collectGarbage();
  const alive = instances.splice(0).filter((reference) => reference.deref() !== undefined).length;
  heaps.push(process.memoryUsage().heapUsed);
  process.stdout.write(
    `${RUNS_PER_ROUND} runs: ${usEach.toFixed(0)} µs each, ${alive} instances alive, heap ${((heaps.at(-1) ?? 0) / 2 ** 20).toFixed(1)} MiB\n`,
  );
  if (alive > 1) process.exitCode = 1;
}
const growth = ((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)) / (RUNS_PER_ROUND * (ROUNDS - 1));
process.stdout.write(`the heap grew by ${growth.toFixed(1)} bytes a run\n`);
if (growth > MAX_GROWTH_BYTES_PER_RUN) process.exitCode = 1;
await app.close();
