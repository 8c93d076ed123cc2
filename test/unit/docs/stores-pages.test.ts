/** The module takes what the blocks of docs/managed-redis.md give. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ioredis from 'ioredis';
import type { DistributedScheduleOptions } from 'nestjs-distributed-schedule';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { requireRedisSources } from '#src/redis/connection/redis-input.js';
import { resolveModuleOptions } from '#src/setup/distributed-schedule-options.resolver.js';
import { filesOfPage } from '../../support/page-files.js';

const folder = mkdtempSync(join(tmpdir(), 'page-'));
const ca = join(folder, 'ca.pem');
writeFileSync(ca, 'a certificate');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a block hands to `forRoot`. */
function optionsOf(code: string): DistributedScheduleOptions {
  const { outputText } = ts.transpileModule(code.replace('/etc/redis/ca.pem', ca), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS },
  });
  const packages: Readonly<Record<string, unknown>> = {
    ioredis,
    'node:fs': process.getBuiltinModule('node:fs'),
    'nestjs-distributed-schedule': { DistributedScheduleModule: { forRoot: (given: object) => given } },
  };
  const exported: { schedule?: DistributedScheduleOptions } = {};
  new Function('require', 'exports', outputText)((name: string) => packages[name], exported);
  return exported.schedule ?? {};
}

describe('docs/managed-redis.md', () => {
  const files = filesOfPage('managed-redis.md');

  it.each([
    ['src/three-caches.ts', 'plain plain plain', true],
    ['src/three-caches-with-ca.ts', 'plain plain plain', true],
    ['src/sentinel.ts', 'sentinel', false],
    ['src/cluster.ts', 'cluster', false],
  ])('%s is taken as %s', (path, kinds, isTls) => {
    const given = optionsOf(files.get(path) ?? '');
    const { redis = [] } = resolveModuleOptions(
      given,
      () => 'one',
      () => ({ name: 'shop' }),
      'production',
    );
    const sources = requireRedisSources(redis);
    expect(sources.map(({ kind }) => kind).join(' ')).toBe(kinds);
    expect(sources.every((source) => 'options' in source && source.options.tls !== undefined)).toBe(isTls);
  });

  it('has no other blocks', () => {
    expect([...files.keys()]).toHaveLength(4);
  });
});
