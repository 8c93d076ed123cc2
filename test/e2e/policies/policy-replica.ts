/** A small app with one interval task, as a process of its own. What it is to be comes as JSON; what happens goes to the parent. */

import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DistributedScheduleModule,
  type ExclusiveTaskOptions,
  IntervalExclusive,
  type ScheduleEvent,
  type TickContext,
} from 'nestjs-distributed-schedule';

export interface PolicyPlan {
  readonly instanceId: string;
  readonly redis: readonly string[];
  readonly periodMs: number;
  readonly options: ExclusiveTaskOptions;
}

/** What the parent is told. */
export type PolicyMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'start';
      readonly instanceId: string;
      readonly tick: number;
      readonly attempt: number;
      readonly fencingToken: number;
      readonly idempotencyKey: string;
      readonly atMs: number;
    }
  | { readonly type: 'outcome'; readonly tick: number; readonly outcome: string; readonly atMs: number }
  | { readonly type: 'stuck'; readonly tick: number; readonly cause: string; readonly atMs: number }
  | { readonly type: 'lost'; readonly tick: number; readonly detail: string; readonly atMs: number }
  | { readonly type: 'aborted'; readonly tick: number; readonly code: string; readonly atMs: number };

/** What the parent says: how long handlers work that start from now on, ms. For ever is also deaf to the signal. */
export interface WorkCommand {
  readonly workMs: number | 'for ever';
}

const plan = JSON.parse(process.argv[2] ?? '{}') as PolicyPlan;
let workMs: WorkCommand['workMs'] = 0;

function tell(message: PolicyMessage): void {
  process.send?.(message);
}

function codeOf(reason: unknown): string {
  return String((reason as { readonly code?: unknown } | undefined)?.code);
}

class Work {
  async run(tick: TickContext): Promise<void> {
    const { instanceId, attempt, fencingToken, idempotencyKey } = tick;
    tell({
      type: 'start',
      instanceId,
      tick: tick.tick,
      attempt,
      fencingToken,
      idempotencyKey,
      atMs: Date.now(),
    });
    tick.signal.addEventListener('abort', () =>
      tell({ type: 'aborted', tick: tick.tick, code: codeOf(tick.signal.reason), atMs: Date.now() }),
    );
    if (workMs === 'for ever') return new Promise(() => undefined);
    await sleep(workMs, undefined, { signal: tick.signal }).catch(() => undefined);
  }
}

const observer = {
  observe: (event: ScheduleEvent): void => {
    if (event.type === 'tick')
      tell({
        type: 'outcome',
        tick: event.report.tick,
        outcome: event.report.outcome,
        atMs: Date.now(),
      });
    if (event.type === 'audit' && event.finding.outcome === 'stuck')
      tell({ type: 'stuck', tick: event.finding.tick, cause: event.finding.cause, atMs: Date.now() });
    if (event.type === 'audit' && event.finding.outcome === 'lost')
      tell({ type: 'lost', tick: event.finding.tick, detail: event.finding.detail, atMs: Date.now() });
  },
};

const method = Object.getOwnPropertyDescriptor(Work.prototype, 'run') ?? {};
IntervalExclusive(plan.periodMs, { name: 'work', ...plan.options })(Work.prototype, 'run', method);
Injectable()(Work);
class PolicyModule {}
Module({
  imports: [
    DistributedScheduleModule.forRoot({
      redis: plan.redis,
      namespace: 'policies',
      app: 'policies',
      instanceId: plan.instanceId,
      observers: [observer],
    }),
  ],
  providers: [Work],
})(PolicyModule);

process.on('message', (command: WorkCommand) => {
  workMs = command.workMs;
});
const app = await NestFactory.createApplicationContext(PolicyModule, { logger: ['error'] });
app.enableShutdownHooks();
tell({ type: 'ready' });
