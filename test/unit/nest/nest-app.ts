/** Boots small real Nest apps for the tests of this folder. */

import type { INestApplication, LoggerService, ModuleMetadata, Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DistributedScheduleModule, type DistributedScheduleOptions } from 'nestjs-distributed-schedule';
import { onTestFinished } from 'vitest';
import { EventLog } from './event-log.js';
import { GENEROUS_STORE } from './generous-store.js';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly context: string;
}

/** Keeps what Nest's Logger is given. */
export class LogCapture implements LoggerService {
  readonly lines: LogLine[] = [];
  readonly log = this.keep('log');
  readonly warn = this.keep('warn');
  readonly error = this.keep('error');
  readonly debug = this.keep('debug');

  /** The messages of one level that this library has written. */
  ours(level: string): string[] {
    return this.lines
      .filter((line) => line.level === level && line.context === 'DistributedSchedule')
      .map((line) => line.message);
  }

  private keep(level: string) {
    return (message: unknown, ...rest: unknown[]): void => {
      this.lines.push({ level, message: String(message), context: String(rest.at(-1)) });
    };
  }
}

export interface BootOptions extends Pick<ModuleMetadata, 'imports' | 'controllers'> {
  readonly providers?: Provider[];
  readonly schedule?: DistributedScheduleOptions;
}

export interface BootedApp {
  readonly app: INestApplication;
  readonly events: EventLog;
  readonly logs: LogCapture;
}

/** Durations for tests that do not wait for seconds. */
export const QUICK: DistributedScheduleOptions = {
  lease: { ttlMs: 300 },
  bids: { staggerMs: 5 },
  nodeTimeoutMs: 50,
  shutdownTimeoutMs: 1_000,
};

/** An initialised app with the module and a store that grants everything; closed when the test ends. */
export async function bootApp({ imports = [], schedule = {}, ...metadata }: BootOptions): Promise<BootedApp> {
  const events = new EventLog();
  const module = DistributedScheduleModule.forRoot({
    ...QUICK,
    ...GENEROUS_STORE,
    observers: [events],
    ...schedule,
  });
  return { ...(await bootWith({ ...metadata, imports: [module, ...imports] })), events };
}

/** The same without the module: for tests that import it in their own way. */
export async function bootWith(metadata: ModuleMetadata): Promise<Omit<BootedApp, 'events'>> {
  const logs = new LogCapture();
  const testing = await Test.createTestingModule(metadata).setLogger(logs).compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  return { app, logs };
}

/** The error with which a boot fails. */
export async function bootError(booting: Promise<unknown>): Promise<Error> {
  const outcome = await booting.then(
    () => new Error('the app has booted'),
    (error: unknown) => error,
  );
  return outcome instanceof Error ? outcome : new Error(String(outcome));
}
