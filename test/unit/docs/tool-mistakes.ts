/** What goes wrong beside other libraries, each with the line that is read. */

import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { CronExclusive, Exclusive } from 'nestjs-distributed-schedule';
import { type BootOptions, bootApp, bootError } from '../nest/nest-app.js';
import type { Mistake } from './mistakes.js';

const nightly = CronExclusive('0 3 * * *', { name: 'report' });

@Injectable()
class Report {
  @nightly
  run(): void {}
}

@Injectable()
class MonthlyReport extends Report {
  override run(): void {}
}

@Module({ providers: [Report] })
class ReportModule {}

const autobind = (_prototype: object, _name: string, { value }: PropertyDescriptor): PropertyDescriptor => ({
  configurable: true,
  get(this: unknown) {
    return (value as () => void).bind(this);
  },
});

const span = (_prototype: object, _name: string, descriptor: PropertyDescriptor): PropertyDescriptor => ({
  ...descriptor,
  value: () => undefined,
});

/** The line with which the boot, or something before it, ends. */
const failure = (written: string, options: () => BootOptions): Mistake => ({
  written,
  line: async () => (await bootError(Promise.resolve().then(() => bootApp(options())))).message,
});

/** The line that stands in the log of an app that boots. */
const logged = (written: string, level: string, words: string, options: BootOptions): Mistake => ({
  written,
  line: async () => {
    const { logs } = await bootApp(options);
    return logs.ours(level).find((line) => line.includes(words)) ?? 'nothing';
  },
});

const job = (written: string, act: (registry: SchedulerRegistry) => unknown): Mistake => ({
  written,
  line: async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Report] });
    return (await bootError(Promise.resolve().then(() => act(app.get(SchedulerRegistry))))).message;
  },
});

export const TOOL_MISTAKES: readonly Mistake[] = [
  logged(
    '@CronExclusive beside ScheduleModule.forRoot({ cronJobs: false })',
    'log',
    'ScheduleModule is imported',
    { imports: [ScheduleModule.forRoot({ cronJobs: false })], providers: [Report] },
  ),
  job("schedulerRegistry.getCronJob('report').stop()", (registry) => registry.getCronJob('report').stop()),
  job("schedulerRegistry.getCronJob('report').start()", (registry) => registry.getCronJob('report').start()),
  job("schedulerRegistry.getCronJob('report').fireOnTick()", (registry) =>
    registry.getCronJob('report').fireOnTick(),
  ),
  job("schedulerRegistry.deleteCronJob('report')", (registry) => registry.deleteCronJob('report')),
  failure('@CronExclusive above @autobind', () => {
    @Injectable()
    class Bound {
      @nightly
      @autobind
      run(): void {}
    }
    return { providers: [Bound] };
  }),
  failure('@Exclusive() above @Span() above @Cron', () => {
    @Injectable()
    class Traced {
      @Exclusive()
      @span
      @Cron('0 3 * * *')
      run(): void {}
    }
    return { imports: [ScheduleModule.forRoot()], providers: [Traced] };
  }),
  logged('a subclass that overrides Report.run without a decorator', 'warn', 'takes the place', {
    providers: [MonthlyReport],
  }),
  {
    written: 'lazyModuleLoader.load(() => ReportModule)',
    line: async () => {
      const { app } = await bootApp({});
      return (await bootError(app.get(LazyModuleLoader).load(() => ReportModule))).message;
    },
  },
];
