/** Instances of a small Nest app that share real nodes, for tests of control at run time. */

import 'reflect-metadata';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CronExclusive,
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  ExclusiveHandler,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { EventLog } from '../../unit/nest/event-log.js';

export interface Run {
  readonly task: string;
  readonly tick: number;
  readonly token: number;
  readonly payload: unknown;
  readonly instanceId: string;
}

export interface ControlApp {
  readonly instanceId: string;
  readonly registry: DistributedScheduleRegistry;
  readonly events: EventLog;
  close(): Promise<void>;
}

export interface ControlAppOptions {
  readonly redis: readonly string[];
  readonly instanceId: string;
  /** Every run of every instance comes here. */
  readonly runs: Run[];
  /** The cron expression of the task `report` in this version of the app. */
  readonly report?: string;
  /** Default true: the tests' newer versions run more often, to be seen soon. */
  readonly followMoreFrequent?: boolean;
  /** Leaves the handler `send` out. */
  readonly withoutHandler?: boolean;
}

export async function startControlApp(options: ControlAppOptions): Promise<ControlApp> {
  const events = new EventLog();
  const { redis, instanceId } = options;
  class ControlModule {}
  Module({
    imports: [
      DistributedScheduleModule.forRoot({
        namespace: 'control',
        app: 'control',
        followMoreFrequent: options.followMoreFrequent ?? true,
        redis: [...redis],
        instanceId,
        observers: [events],
      }),
    ],
    providers: [choresOf(options), ...(options.withoutHandler === true ? [] : [handlersOf(options)])],
  })(ControlModule);
  const app = await NestFactory.createApplicationContext(ControlModule, {
    logger: false,
    abortOnError: false,
  });
  let isClosed = false;
  return {
    instanceId,
    events,
    registry: app.get(DistributedScheduleRegistry),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await app.close();
    },
  };
}

/** A class of its own per instance: schedules and lists of runs differ. */
function choresOf({ runs, report = '0 0 3 1 1 *' }: ControlAppOptions): Type {
  @Injectable()
  class Chores {
    @EverySecondExclusive({ name: 'pulse' })
    pulse(tick: TickContext): void {
      note(runs, tick);
    }

    @CronExclusive(report, { name: 'report', timeZone: 'UTC' })
    report(tick: TickContext): void {
      note(runs, tick);
    }
  }
  return Chores;
}

function handlersOf({ runs }: ControlAppOptions): Type {
  @Injectable()
  class Handlers {
    @ExclusiveHandler({ name: 'send' })
    send(tick: TickContext): void {
      note(runs, tick);
    }
  }
  return Handlers;
}

function note(runs: Run[], { task, tick, fencingToken, payload, instanceId }: TickContext): void {
  runs.push({ task, tick, token: fencingToken, payload, instanceId });
}
