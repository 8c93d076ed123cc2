import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import { DistributedScheduleModule, type DistributedScheduleOptions } from 'nestjs-distributed-schedule';
import { DistributedScheduleHealthModule } from 'nestjs-distributed-schedule/terminus';
import { HealthController } from './health.controller.js';
import { LastSweep } from './last-sweep.js';
import { OutcomeRecord } from './outcome-record.js';
import { ParentObserver } from './replica-message.js';
import { RunRecord } from './run-record.js';
import { SETTINGS, type Settings } from './settings.js';
import { TASKS } from './tasks.js';

@Module({})
export class DemoModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: DemoModule,
      imports: [
        ScheduleModule.forRoot(),
        DistributedScheduleModule.forRootAsync({ useFactory: () => scheduleOptions(settings) }),
        TerminusModule,
        DistributedScheduleHealthModule,
      ],
      controllers: [HealthController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        RunRecord,
        LastSweep,
        ...settings.tasks.map((name) => TASKS[name]),
      ],
    };
  }
}

function scheduleOptions(settings: Settings): DistributedScheduleOptions {
  const { redisNodes, sentinels, masterName, namespace } = settings;
  return {
    namespace,
    // A workspace has one package.json for all of its apps, so that it cannot tell which one this is.
    app: 'demo',
    observers: [new ParentObserver(), new OutcomeRecord(settings)],
    ...(redisNodes.length > 0 && { redis: redisNodes }),
    ...(sentinels.length > 0 && { redis: { sentinels: [...sentinels], name: masterName } }),
  };
}
