import { Logger } from '@nestjs/common';
import { type Outcome, type ScheduleEvent } from 'nestjs-distributed-schedule';
import { ManualClock } from 'nestjs-distributed-schedule/testing';
import { SchedulerLogObserver } from '#src/nest/log/scheduler-log.observer.js';
import { LogCapture } from './nest-app.js';

export const TICK = Date.parse('2026-01-02T03:04:05Z');

/** An observer, and what it has logged. */
export interface LogStage {
  readonly logs: LogCapture;
  readonly clock: ManualClock;
  readonly observer: SchedulerLogObserver;
}

export function logStage(): LogStage {
  const logs = new LogCapture();
  Logger.overrideLogger(logs);
  const clock = new ManualClock();
  return { logs, clock, observer: new SchedulerLogObserver(clock) };
}

export const tick = (outcome: Outcome, error?: unknown, task = 'settle', detail?: string): ScheduleEvent => ({
  type: 'tick',
  report: {
    ...{ task, tick: TICK, outcome, instanceId: 'one' },
    ...(error === undefined ? {} : { error }),
    ...(detail === undefined ? {} : { detail }),
  },
});

export const quorum = (reached: boolean): ScheduleEvent => ({
  type: 'quorum',
  reached,
  nodesAnswering: reached ? 3 : 1,
  nodes: 3,
});
