/**
 * What stands around a fragment of a page, so that it is compiled and run as it was written. The page names the frame in a comment that
 * no reader sees: `<!-- frame: handler -->`.
 */

interface Frame {
  /** A whole file with the block in it, or what the block needs beside it. */
  file(code: string): string;
  /** A test that runs it. */
  spec?(file: string, code: string): string;
}

const SPEC_IMPORTS = `
import { Test } from '@nestjs/testing';
import { DistributedScheduleModule, DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
`;

const BOOT = `
  const testing = await Test.createTestingModule({ imports: [AppModule, DistributedScheduleTestingModule] }).compile();
  const app = await testing.createNestApplication().init();
`;

/** Decorated methods of a provider. The test runs each of its tasks once. */
const handler: Frame = {
  file: (code) => `
import { Injectable, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { CronExclusive, DistributedScheduleModule, type TickContext } from 'nestjs-distributed-schedule';

// No test leaves this machine.
const fetch = async (_url: string, _init: { signal: AbortSignal }) => ({ status: 200 });

@Injectable()
class Framed {
  async save(key: string, status: number) {
    if (!/^[0-9a-f]{32}$/.test(key) || status !== 200) throw new Error('nothing to save');
  }

${code}
}

@Module({
  imports: [DistributedScheduleModule.forRoot({ memory: true, app: 'shop', labels: ['eu'] })],
  providers: [Framed, ConfigService],
})
export class AppModule {}
`,
  spec: (file) => `${SPEC_IMPORTS}
import { AppModule } from './${file}';

it('runs its tasks', async () => {
  process.env.REPORT_CRON = '0 3 * * *';
${BOOT}
  const tasks = app.get(DistributedScheduleRegistry).list();
  expect(tasks).toHaveLength(1);
  for (const { name } of tasks)
    expect(await app.get(ScheduleHarness).tick(name)).toMatchObject({ outcome: 'success' });
  await app.close();
});
`,
};

/** An entry in the imports of a module. The test boots it. */
const moduleImports: Frame = {
  file: (code) => `
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { DistributedScheduleModule } from 'nestjs-distributed-schedule';

const redis = 'redis://127.0.0.1:1';

@Module({ imports: [${code.trimEnd()}] })
export class AppModule {}
`,
  spec: (file) => `${SPEC_IMPORTS}
import { AppModule } from './${file}';

it('boots', async () => {
  Object.assign(process.env, { REDIS_URLS: 'redis://127.0.0.1:1', ENVIRONMENT: 'test' });
${BOOT}
  expect(app.get(DistributedScheduleRegistry).list()).toEqual([]);
  await app.close();
});
`,
};

/** The body of a test of an app that has a task for each second. */
const test: Frame = {
  file: () => `
import { Injectable, Module } from '@nestjs/common';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';

@Injectable()
class Settlement {
  @EverySecondExclusive({ name: 'settle' })
  settle() {}
}

@Module({
  imports: [DistributedScheduleModule.forRoot({ redis: 'redis://127.0.0.1:1', namespace: 'shop-test', app: 'shop' })],
  providers: [Settlement],
})
export class AppModule {}
`,
  spec: (file, code) => `${SPEC_IMPORTS}
import { AppModule } from './${file}';

it('lets a minute pass', async () => {
${code}
  expect(app.get(ScheduleHarness).runs('settle')).toHaveLength(60);
  await app.close();
});
`,
};

/** A declaration of a type that the library exports. Each must stand for the other. */
const type: Frame = {
  file: (code) => {
    const [, name = ''] = /^interface (\w+)/.exec(code) ?? [];
    return `
import type { ${name} as Exported } from 'nestjs-distributed-schedule';
${code}
type Members<T> = { [K in keyof T]: T[K] };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const isSame: Same<Members<${name}>, Members<Exported>> = true;
`;
  },
};

/** How it is done elsewhere: a method of a class that has a client of redlock. */
const lockAroundAJob: Frame = {
  file: (code) => `
import { Cron } from '@nestjs/schedule';

export abstract class Framed {
  abstract readonly redlock: { acquire(keys: string[], ms: number): Promise<{ release(): Promise<unknown> }> };
  abstract work(): Promise<void>;

${code}
}
`,
};

const FRAMES: Readonly<Record<string, Frame>> = {
  handler,
  'module imports': moduleImports,
  test,
  type,
  'lock around a job': lockAroundAJob,
};

/** The file of a fragment, and the test that runs it. */
export function framedFiles(name: string, code: string, file: string): ReadonlyMap<string, string> {
  const frame = FRAMES[name];
  if (frame === undefined) throw new Error(`there is no frame "${name}"`);
  const files = new Map([[`src/${file}.ts`, frame.file(code)]]);
  if (frame.spec !== undefined) files.set(`src/${file}.spec.ts`, frame.spec(file, code));
  return files;
}
