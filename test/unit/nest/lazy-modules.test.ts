import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  DistributedScheduleRegistry,
  EverySecondExclusive,
  ExclusiveHandler,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

@Injectable()
class Report {
  @EverySecondExclusive()
  run(): void {}
}

@Module({ providers: [Report] })
class ReportModule {}

@Module({ imports: [ReportModule] })
class AroundReportModule {}

@Injectable()
class Sender {
  @ExclusiveHandler({ name: 'send' })
  send(): void {}
}

@Module({ providers: [Sender] })
class SenderModule {}

@Injectable()
class Plain {
  @EverySecondExclusive({ disabled: true })
  off(): void {}
}

@Module({ providers: [Plain] })
class PlainModule {}

describe('a module that is loaded lazily', () => {
  it.each([
    ['exclusive methods', ReportModule, 'Report.run is @EverySecondExclusive'],
    ['an import that has them', AroundReportModule, 'Report.run is @EverySecondExclusive'],
    ['handlers for added tasks', SenderModule, 'Sender.send is @ExclusiveHandler'],
  ])('is refused with %s, each time', async (_what, type, words) => {
    const { app } = await bootApp({});
    const loader = app.get(LazyModuleLoader);
    for (let time = 0; time < 2; time += 1) {
      const error = await bootError(loader.load(() => type));
      expect(error).toMatchObject({ code: 'DSCHED_LAZY_TASK' });
      expect(error.message).toContain(words);
    }
    expect(app.get(DistributedScheduleRegistry).list()).toEqual([]);
  });

  it('works where no task of its own is switched on, also beside one that was refused', async () => {
    const { app } = await bootApp({});
    const loader = app.get(LazyModuleLoader);
    await bootError(loader.load(() => ReportModule));
    const module = await loader.load(() => PlainModule);
    expect(module.get(Plain)).toBeInstanceOf(Plain);
  });

  it('works where its tasks were there at boot', async () => {
    const { app } = await bootApp({ imports: [ReportModule] });
    const module = await app.get(LazyModuleLoader).load(() => ReportModule);
    expect(module.get(Report)).toBeInstanceOf(Report);
    await app.get(LazyModuleLoader).load(() => AroundReportModule);
  });

  it('has its tasks scheduled where it is loaded in onModuleInit', async () => {
    @Injectable()
    class Early implements OnModuleInit {
      constructor(@Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader) {}

      async onModuleInit(): Promise<void> {
        await this.loader.load(() => ReportModule);
      }
    }
    const { app } = await bootApp({ providers: [Early] });
    expect(app.get(DistributedScheduleRegistry).list()).toMatchObject([
      { name: 'Report.run', state: 'active' },
    ]);
  });
});
