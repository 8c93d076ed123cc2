// What the steps of scripts/test.mjs came to: the sum, and in words what failed and what was skipped.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');

const LINES_PER_FAILURE = 12;

export class TestResults {
  failed = 0;
  #passed = 0;
  #skipped = [];
  /** In words: whoever sees only the end of a long output is to see why. */
  #failures = [];
  #folder = mkdtempSync(join(tmpdir(), 'results-'));

  constructor() {
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Where vitest is to put the results of a project, as JSON. */
  fileOf(project) {
    return join(this.#folder, `${project}.json`);
  }

  countStep(title, isGood) {
    if (isGood) {
      this.#passed += 1;
      return;
    }
    this.failed += 1;
    this.#failures.push(`${title}: see above`);
  }

  /** vitest can fail without a failed test: a file that does not load, an unhandled error, no result at all. */
  countTests(title, path, code) {
    const { passed, failed } = this.#read(path);
    this.#passed += passed;
    this.failed += failed;
    // No test at all is no success either.
    if (failed === 0 && (code !== 0 || passed === 0)) {
      this.failed += 1;
      this.#failures.push(`${title}: vitest ended with ${code}, see above`);
    }
  }

  /** The sum is the last line. */
  print() {
    // What this machine could not do is neither passed nor failed, and must not go unseen.
    if (this.#skipped.length > 0) process.stdout.write(`\n${this.#skipped.length} skipped\n`);
    for (const { fullName } of this.#skipped) process.stdout.write(`  ${fullName}\n`);
    if (this.#failures.length > 0) process.stdout.write('\n== failed\n');
    for (const failure of this.#failures) process.stdout.write(`${shorten(failure)}\n\n`);
    process.stdout.write(`\n${this.#passed} passed, ${this.failed} failed\n`);
  }

  #read(path) {
    try {
      const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
      this.#skipped.push(...testResults.flatMap((file) => file.assertionResults).filter(isSkipped));
      const unloaded = testResults.filter(
        (file) => file.status === 'failed' && file.assertionResults.length === 0,
      );
      for (const { name, message } of unloaded) this.#failures.push(`${name}\n${message}`);
      for (const { name, assertionResults } of testResults) {
        const failed = assertionResults.filter(({ status }) => status === 'failed');
        for (const one of failed) this.#failures.push(describeFailure(name, one));
      }
      return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
    } catch {
      return { passed: 0, failed: 0 };
    }
  }
}

function isSkipped({ status }) {
  return status !== 'passed' && status !== 'failed';
}

function describeFailure(file, { fullName, failureMessages }) {
  return `${relative(root, file)}: ${fullName}\n${failureMessages.join('\n')}`;
}

/** The first lines say what was expected; a stack behind them is long. */
function shorten(text) {
  return text.split('\n').slice(0, LINES_PER_FAILURE).join('\n');
}
