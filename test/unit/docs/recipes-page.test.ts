/** docs/recipes.md cannot rot: its blocks are compiled, and its test is run. */

import { afterAll, describe, expect, it } from 'vitest';
import { PageFolder } from '../../support/run-page.js';

const page = new PageFolder('recipes.md');
afterAll(() => page.remove());

/** A cold vitest on a busy machine. */
const TIMEOUT_MS = 120_000;

describe('docs/recipes.md', () => {
  it('has blocks that compile', () => page.compile(), TIMEOUT_MS);

  it(
    'has tests that pass as they stand',
    async () => {
      const { tests } = await page.test(['recipes.e2e']);
      expect(tests.filter(({ state }) => state !== 'passed')).toEqual([]);
      expect(tests).toHaveLength(5);
    },
    TIMEOUT_MS,
  );
});
