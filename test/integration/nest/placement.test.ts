import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type AuditFinding,
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { endQuarantine, until } from '../../support/redis-instances.js';
import { ownRedis } from '../../support/shared-servers.js';

const NAMESPACE = 'placement';

interface Runner {
  readonly registry: DistributedScheduleRegistry;
  readonly findings: readonly AuditFinding[];
  close(): Promise<void>;
}

/** An app with a task for `gpu` instances, and what it ran. */
async function start(
  url: string,
  instanceId: string,
  labels: readonly string[],
  runs: TickContext[],
): Promise<Runner> {
  @Injectable()
  class Rendering {
    @IntervalExclusive(1_000, { name: 'render', runOn: 'gpu' })
    render(tick: TickContext): void {
      runs.push(tick);
    }
  }
  const findings: AuditFinding[] = [];
  const options: DistributedScheduleOptions = {
    redis: url,
    namespace: NAMESPACE,
    app: 'rendering',
    instanceId,
    labels,
    lease: { ttlMs: 600 },
    observers: [{ observe: (event) => event.type === 'audit' && findings.push(event.finding) }],
  };
  @Module({ imports: [DistributedScheduleModule.forRoot(options)], providers: [Rendering] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  return { registry: app.get(DistributedScheduleRegistry), findings, close: () => app.close() };
}

it('a task runs on the instance that has its label, and the others tell that nobody runs it when that one is gone', async () => {
  const server = await ownRedis();
  const runs: TickContext[] = [];
  const plain: Runner[] = [];
  for (const id of ['plain-1', 'plain-2', 'plain-3']) plain.push(await start(server.url, id, [], runs));
  const gpu = await start(server.url, 'gpu-1', ['gpu'], runs);
  await until(() => gpu.registry.status().quorum, 'the first beat is answered');
  await endQuarantine(server, NAMESPACE);
  await until(() => runs.length >= 3, 'it runs');
  expect(new Set(runs.map(({ instanceId }) => instanceId))).toEqual(new Set(['gpu-1']));
  expect(gpu.registry.get('render').eligible).toBe(true);
  expect(plain[0]?.registry.get('render').eligible).toBe(false);

  await gpu.close();
  const findings = (): readonly AuditFinding[] => plain.flatMap((runner) => runner.findings);
  await until(() => findings().length > 0, 'it is told that nobody runs it');
  expect(findings()[0]).toMatchObject({ task: 'render', outcome: 'missed', cause: 'not_eligible' });

  const count = runs.length;
  await start(server.url, 'gpu-2', ['gpu'], runs);
  await until(() => runs.length > count, 'it runs again');
  expect(runs.at(-1)?.instanceId).toBe('gpu-2');
});
