/** Classes that stand on a page without a test of their own, as they stand there, in an app on a clock that is moved by hand. */

import { type INestApplication, Injectable, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CronExclusive, DistributedScheduleModule } from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { PageFolder } from '../../support/run-page.js';

const folder = new PageFolder(['control.md', 'observing.md', 'runs-that-hang.md']);
afterAll(() => folder.remove());

@Injectable()
class Report {
  readonly by: unknown[] = [];

  @CronExclusive('0 3 * * *', { name: 'report', timeZone: 'UTC' })
  report({ payload }: { payload: unknown }): void {
    this.by.push(payload);
  }
}

async function boot(providers: Type[], controllers: Type[] = []): Promise<INestApplication> {
  const testing = await Test.createTestingModule({
    imports: [
      DistributedScheduleModule.forRoot({ memory: true, app: 'shop' }),
      DistributedScheduleTestingModule,
    ],
    providers,
    controllers,
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  await app.init();
  onTestFinished(() => app.close());
  return app;
}

it('docs/control.md: each call of the example is taken, and the triggered tick runs', async () => {
  const { Desk, Reports } = await folder.load<{ Desk: Type<Example>; Reports: Type }>('control/src/desk.ts');
  const app = await boot([Report, Desk, Reports]);
  const schedule = app.get(ScheduleHarness);
  const ran = app.get(Desk).example();
  for (let second = 0; second < 10; second += 1) await schedule.advance(1_000);
  const tick = await ran;
  await schedule.advanceTo(tick + 10);
  expect(app.get(Report).by).toEqual([{ by: 'hand' }]);
});

interface Example {
  example(): Promise<number>;
}

it('docs/observing.md: the controller shows tasks and nodes, and the metrics count outcomes', async () => {
  const { Metrics } = await folder.load<{ Metrics: Type<Counts> }>('observing/src/metrics.ts');
  const { ScheduleController } = await folder.load<{ ScheduleController: Type<Shown> }>(
    'observing/src/schedule.controller.ts',
  );
  const app = await boot([Report, Metrics], [ScheduleController]);
  await app.get(ScheduleHarness).tick('report');
  expect(app.get(Metrics).outcomes.get('report success')).toBe(1);
  const shown = app.get(ScheduleController);
  expect(shown.tasks()).toMatchObject([{ name: 'report', newestRun: { outcome: 'success' } }]);
  expect(shown.nodes()).toMatchObject({ strength: expect.any(String), nodes: expect.any(Array) });
  expect(shown.status()).toMatchObject({ runs: [] });
});

interface Counts {
  readonly outcomes: ReadonlyMap<string, number>;
}

interface Shown {
  tasks(): unknown;
  nodes(): unknown;
  status(): unknown;
}

it('docs/runs-that-hang.md: the handler passes its signal on', async () => {
  const { Import } = await folder.load<{ Import: Type }>('runs-that-hang/src/import.ts');
  const app = await boot([Import]);
  const asked = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('[]'));
  onTestFinished(() => asked.mockRestore());
  expect(await app.get(ScheduleHarness).tick('import')).toMatchObject({ outcome: 'success' });
  expect(asked).toHaveBeenCalledWith('https://example.com/orders', { signal: expect.any(AbortSignal) });
});
