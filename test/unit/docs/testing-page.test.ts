/** docs/testing.md cannot rot: its blocks are compiled, and those that need no server and no Jest are run. The others: test/integration/docs, test/e2e/package. */

import { afterAll, describe, expect, it } from 'vitest';
import { filesOfPage } from '../../support/page-files.js';
import { PageFolder } from '../../support/run-page.js';

const page = new PageFolder('testing.md');
afterAll(() => page.remove());

/** A cold vitest on a busy machine. */
const TIMEOUT_MS = 120_000;

describe('docs/testing.md', () => {
  it('has the files that these tests know', () => {
    expect([...filesOfPage('testing.md').keys()]).toEqual([
      'src/settlement.ts',
      'src/app.module.ts',
      'src/settlement.spec.ts',
      'test/schedule.e2e-spec.ts',
      'test/setup.ts',
      'test/switch.e2e-spec.ts',
      'test/fake-timers.vitest.e2e-spec.ts',
      'test/fake-timers.jest.e2e-spec.ts',
      'test/real-redis.e2e-spec.ts',
    ]);
  });

  it('has blocks that compile', () => page.compile(), TIMEOUT_MS);

  it(
    'has tests that pass as they stand',
    async () => {
      const { tests } = await page.test([
        'settlement.spec',
        'schedule.e2e',
        'switch.e2e',
        'fake-timers.vitest',
      ]);
      expect(tests.map(({ title, state }) => `${state}: ${title}`)).toEqual(
        expect.arrayContaining([
          'passed: Settlement saves every open order',
          'passed: Settlement saves nothing once it is told to stop',
          'passed: Settlement does not write for a run that has lost its lease',
          'passed: the schedule of the app settles: one run, now',
          'passed: the schedule of the app settles at every second of a minute',
          'passed: the schedule of the app says what went wrong',
          'passed: boots the app without its cluster',
          'passed: settles every second',
        ]),
      );
      expect(tests).toHaveLength(8);
    },
    TIMEOUT_MS,
  );
});
