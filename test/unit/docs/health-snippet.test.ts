/** The health snippet of docs/observing.md, compiled and booted as it stands there. */

import * as common from '@nestjs/common';
import * as terminus from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import * as schedule from 'nestjs-distributed-schedule';
import * as scheduleTerminus from 'nestjs-distributed-schedule/terminus';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { filesOfPage } from '../../support/page-files.js';

const PACKAGES: Readonly<Record<string, object>> = {
  '@nestjs/common': common,
  '@nestjs/terminus': terminus,
  'nestjs-distributed-schedule': schedule,
  'nestjs-distributed-schedule/terminus': scheduleTerminus,
};

function snippet(): string {
  const code = filesOfPage('observing.md').get('src/health.module.ts');
  if (code === undefined) throw new Error('docs/observing.md has no src/health.module.ts');
  return code;
}

/** What the module exports. A name that it does not import is an error, as for a user. */
function run(code: string): Record<string, common.Type> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS },
      ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
    },
  });
  const exported: Record<string, common.Type> = {};
  const require = (name: string): object => {
    const known = PACKAGES[name];
    if (known === undefined) throw new Error(`the snippet imports ${name}, which a user has not installed`);
    return known;
  };
  new Function('require', 'exports', outputText)(require, exported);
  return exported;
}

it('boots, and answers every probe', async () => {
  const { HealthModule } = run(snippet());
  if (HealthModule === undefined) throw new Error('the snippet exports no HealthModule');
  const testing = await Test.createTestingModule({
    imports: [schedule.DistributedScheduleModule.forRoot({ memory: true }), HealthModule],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  await expect.poll(async () => (await fetch(`${url}/health/started`)).status).toBe(200);
  for (const probe of ['ready', 'live']) {
    const response = await fetch(`${url}/health/${probe}`);
    expect([probe, response.status]).toEqual([probe, 200]);
    expect(await response.json()).toMatchObject({ status: 'ok', details: { schedule: { status: 'up' } } });
  }
});
