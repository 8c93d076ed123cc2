import { Injectable, Module } from '@nestjs/common';
import { CronExpression as NestCronExpression, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { CronExpression, EverySecondExclusive } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { type JobRegistry, NestSchedule } from '#src/nest/nest-schedule.js';
import { bootApp } from './nest-app.js';

@Injectable()
class Shop {
  @EverySecondExclusive({ name: 'settle' })
  settle(): void {}
}

/** Named as in an app of which a user's own module has that name. */
function moduleOf(...providers: (new () => unknown)[]) {
  @Module({ providers })
  class OwnModule {}
  Object.defineProperty(OwnModule, 'name', { value: 'ScheduleModule' });
  return OwnModule;
}

class RegistryOfAnotherRelease {
  doesExist(): void {}
  addCronJob(): void {}
  addInterval(): void {}
  addTimeout(): void {}
}

class ExplorerOfAnotherRelease {
  explore(): void {}
  lookupSchedulers(): void {}
}

describe('what is found of @nestjs/schedule, without an import of it', () => {
  it('is the registry that the app gets, and one explorer for each forRoot()', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Shop] });
    const { registry, explorers } = app.get(NestSchedule, { strict: false }).find();
    const own: JobRegistry = app.get(SchedulerRegistry);
    expect(registry).toBe(own);
    expect(explorers).toBe(1);
  });

  it('is nothing in an app without it', async () => {
    const { app, logs } = await bootApp({ providers: [Shop] });
    expect(app.get(NestSchedule, { strict: false }).find()).toEqual({ registry: undefined, explorers: 0 });
    expect(logs.ours('warn')).toEqual([]);
  });

  it('is found in a minified bundle, where classes have other names', async () => {
    const imports = [moduleOf(RegistryOfAnotherRelease, ExplorerOfAnotherRelease)];
    const { app, logs } = await bootApp({ imports });
    const { registry, explorers } = app.get(NestSchedule, { strict: false }).find();
    expect(registry).toBeInstanceOf(RegistryOfAnotherRelease);
    expect(explorers).toBe(1);
    expect(logs.ours('warn')).toEqual([]);
  });

  it.each([
    ['explorer', RegistryOfAnotherRelease, 'is not noticed'],
    ['registry', ExplorerOfAnotherRelease, 'are not shown in its SchedulerRegistry'],
  ])('is a warning if a release has no %s that is known', async (missing, kept, effect) => {
    const { logs } = await bootApp({ imports: [moduleOf(kept)], providers: [Shop] });
    const [warning] = logs.ours('warn');
    expect(warning).toContain(`This version of @nestjs/schedule has no ${missing} that`);
    expect(warning).toContain(effect);
  });

  it('is no warning in an app whose own module is called ScheduleModule', async () => {
    const { logs } = await bootApp({ imports: [moduleOf(Shop)] });
    expect(logs.ours('warn')).toEqual([]);
  });
});

describe('CronExpression', () => {
  it('is that of @nestjs/schedule', () => {
    expect(CronExpression).toEqual(NestCronExpression);
  });
});
