#!/usr/bin/env node
// The whole check, as `npm test` and as CI. Everything runs, also after a failure, and the last line is the sum:
//   N passed, N failed
// A test of vitest counts as one, and so does each of the other steps.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensurePgbouncer } from './ensure-pgbouncer.mjs';
import { ensurePostgres } from './ensure-postgres.mjs';
import { ensureRedis } from './ensure-redis.mjs';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** A step that hangs must not hang whoever waits for the last line. */
const LONGEST_STEP_MS = 25 * 60_000;
/** What a step has to clean up after itself: servers, folders, mounts, networks. */
const CLEAN_UP_MS = 10_000;

const LINES_PER_FAILURE = 12;

const scratch = mkdtempSync(join(tmpdir(), 'results-'));
const sum = { passed: 0, failed: 0 };
const skipped = [];
/** What failed, in words: whoever sees only the end of a long output is to see why. */
const failures = [];
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

announce('redis-server');
const redis = hasServer('REDIS_SERVER', ensureRedis);
count(redis, 'redis-server');
announce('PostgreSQL');
// Its tests are few; where it cannot be had they are skipped, each with a line, and this step has failed.
count(hasServer('POSTGRES_BIN', ensurePostgres), 'PostgreSQL');
announce('pgbouncer');
// Where it cannot be had its few tests are skipped, each with a line.
hasServer('PGBOUNCER', ensurePgbouncer);
await countStep('lint', 'npm', ['run', '--silent', 'lint']);
await countStep('type check', 'npm', ['run', '--silent', 'typecheck']);
await countStep('package', 'npm', ['run', '--silent', 'check:package']);
await countTests('unit');
// Without a server each of their tests would say the same, in many more words.
for (const project of redis ? ['integration', 'e2e'] : []) await countTests(project);

printSkipped();
printFailures();
process.exitCode = sum.failed === 0 ? 0 : 1;
process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed\n`);

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

async function countStep(title, command, args) {
  announce(title);
  count((await run(command, args)) === 0, title);
}

async function countTests(project) {
  announce(`${project} tests`);
  const results = join(scratch, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const code = await run(bin('vitest'), ['run', '--project', project, ...reporters]);
  const { passed, failed } = readResults(results);
  sum.passed += passed;
  // vitest can fail without a failed test: a file that does not load, an unhandled error, no result at all.
  sum.failed += code === 0 ? failed : Math.max(failed, 1);
  if (code !== 0 && failed === 0) failures.push(`${project} tests: vitest ended with ${code}, see above`);
}

function readResults(path) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    skipped.push(...testResults.flatMap((file) => file.assertionResults).filter(isSkipped));
    const unloaded = testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    for (const { name, message } of unloaded) failures.push(`${name}\n${message}`);
    for (const { name, assertionResults } of testResults) {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      for (const test of failed) failures.push(describeFailure(name, test));
    }
    return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function isSkipped({ status }) {
  return status !== 'passed' && status !== 'failed';
}

function describeFailure(file, { fullName, failureMessages }) {
  return `${relative(root, file)}: ${fullName}\n${failureMessages.join('\n')}`;
}

function printFailures() {
  if (failures.length > 0) process.stdout.write('\n== failed\n');
  for (const failure of failures) process.stdout.write(`${shorten(failure)}\n\n`);
}

/** The first lines say what was expected; a stack behind them is long. */
function shorten(text) {
  return text.split('\n').slice(0, LINES_PER_FAILURE).join('\n');
}

/** What this machine could not do is neither passed nor failed, and must not go unseen. */
function printSkipped() {
  if (skipped.length === 0) return;
  process.stdout.write(`\n${skipped.length} skipped\n`);
  for (const { fullName } of skipped) process.stdout.write(`  ${fullName}\n`);
}

/** The exit code; output streams through. A group of its own, so that a step can be ended with its children. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const stop = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It has ended in the meantime.
      }
    };
    let lastResort;
    const timer = setTimeout(() => {
      process.stdout.write(`stopped after ${LONGEST_STEP_MS / 60_000} minutes\n`);
      stop('SIGTERM');
      lastResort = setTimeout(() => stop('SIGKILL'), CLEAN_UP_MS);
    }, LONGEST_STEP_MS);
    const interrupt = () => {
      stop('SIGTERM');
      process.exit(130);
    };
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    const finish = (code) => {
      clearTimeout(timer);
      // The group may outlive its first process.
      if (lastResort !== undefined) stop('SIGKILL');
      clearTimeout(lastResort);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      resolve(code ?? 1);
    };
    child.once('error', () => finish(1));
    child.once('close', finish);
  });
}

function count(ok, title) {
  if (ok) {
    sum.passed += 1;
    return;
  }
  sum.failed += 1;
  failures.push(`${title}: see above`);
}

function announce(title) {
  process.stdout.write(`\n== ${title}\n`);
}
