#!/usr/bin/env node
// The whole check, as `npm test` and as CI. Everything runs, also after a failure, and the last line is the sum:
//   N passed, N failed
// A test of vitest counts as one, and so does each of the other steps.
//
// Steps that run beside each other print what they have to say when they end, one after the other.

import { join } from 'node:path';
import { ensurePgbouncer } from './ensure-pgbouncer.mjs';
import { ensurePostgres } from './ensure-postgres.mjs';
import { ensureRedis } from './ensure-redis.mjs';
import { TestResults } from './test-results.mjs';
import { runStep } from './test-step.mjs';

const bin = (name) => join(import.meta.dirname, '..', 'node_modules', '.bin', name);
const results = new TestResults();

announce('redis-server');
const redis = hasServer('REDIS_SERVER', ensureRedis);
results.countStep('redis-server', redis);
announce('PostgreSQL');
// Its tests are few; where it cannot be had they are skipped, each with a line, and this step has failed.
results.countStep('PostgreSQL', hasServer('POSTGRES_BIN', ensurePostgres));
announce('pgbouncer');
// Where it cannot be had its few tests are skipped, each with a line.
hasServer('PGBOUNCER', ensurePgbouncer);
// The package's build removes files, which lint would stumble over.
await Promise.all([
  check('lint', 'lint').then(() => check('package', 'check:package')),
  check('type check', 'typecheck'),
]);
// Nor may it be built again below the unit tests, some of which read the whole tree.
process.env.PACKAGE_IS_BUILT = '1';
// One after the other: tests that wait for real time would measure the ones beside them, and those that compute would be starved by them.
await test('unit');
await testWithServers('integration');
await testWithServers('e2e');
await test('package');
results.print();
process.exitCode = results.failed === 0 ? 0 : 1;

function hasServer(variable, ensure) {
  try {
    // It may not be on the PATH: the tests are told where it is.
    process.env[variable] = ensure();
    process.stdout.write(`${process.env[variable]}\n`);
    return true;
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    return false;
  }
}

async function check(title, script) {
  process.stdout.write(`\n${title} begins\n`);
  const { code, output } = await runStep('npm', ['run', '--silent', script]);
  announce(title, output);
  results.countStep(title, code === 0);
}

/** Without a server each of them would say the same, in many more words. */
async function testWithServers(project) {
  if (redis) await test(project);
}

async function test(project) {
  const title = `${project} tests`;
  const file = results.fileOf(project);
  process.stdout.write(`\n${title} begin\n`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { code, output } = await runStep(bin('vitest'), ['run', '--project', project, ...reporters]);
  announce(title, output);
  results.countTests(title, file, code);
}

function announce(title, output = '') {
  process.stdout.write(`\n== ${title}\n${output}`);
}
