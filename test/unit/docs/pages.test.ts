/** No page can rot: each block of each page is compiled, and each test that stands on a page is run. */

import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Block, blocksOf, PAGES } from '../../support/page-files.js';
import { PageFolder } from '../../support/run-page.js';

/** A cold compiler, or a cold vitest, on a busy machine. */
const TIMEOUT_MS = 240_000;

/** Run elsewhere, as they stand: on a real server in test/integration/docs, by Jest in test/e2e/package. */
const RUN_ELSEWHERE = /real-redis|\.jest\./;

const folder = new PageFolder(PAGES);
afterAll(() => folder.remove());
const blocks = PAGES.flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })));

/** Throws where a block is no text of its language. */
const CHECKS: Readonly<Record<string, (code: string) => unknown>> = {
  // Compiled below.
  ts: () => undefined,
  js: (code) => execFileSync(process.execPath, ['--input-type=module', '--check'], { input: code }),
  json: (code) => JSON.parse(code),
  sh: (code) => execFileSync('bash', ['-n'], { input: code }),
  yaml: (code) => {
    const faults = parseAllDocuments(code, { strict: true, uniqueKeys: true }).flatMap(
      ({ errors }) => errors,
    );
    if (faults.length > 0) throw faults[0];
  },
};

/** Nothing that a machine could judge: pictures, lines of a log, statements of a database, text to search for. */
const NOT_CHECKED = ['', 'mermaid', 'sql', 'text'];

describe('the blocks of all pages', () => {
  it('are of a language that is checked, or that nobody could check', () => {
    const known = [...NOT_CHECKED, ...Object.keys(CHECKS)];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(nameOf)).toEqual([]);
  });

  it.each(blocks.filter(({ language }) => language in CHECKS).map((block) => [nameOf(block), block]))(
    '%s is a text of its language',
    (_name, { language, code }) => {
      expect(() => CHECKS[language]?.(code)).not.toThrow();
    },
  );

  it('compile', () => folder.compile(), TIMEOUT_MS);

  it(
    'pass where they are tests',
    async () => {
      const specs = folder.files.filter((file) => /[.-]spec\.ts$/.test(file));
      const here = specs.filter((file) => !RUN_ELSEWHERE.test(file));
      const tests = await folder.test(here);
      expect(tests.filter(({ state }) => state !== 'passed')).toEqual([]);
      expect([...new Set(tests.map(({ file }) => file))].sort()).toEqual([...here].sort());
      expect(tests.filter(({ file }) => file.startsWith('testing/'))).toHaveLength(8);
      expect(tests.filter(({ file }) => file.startsWith('recipes/'))).toHaveLength(5);
    },
    TIMEOUT_MS,
  );
});

function nameOf({ page, line, language }: Block & { page: string }): string {
  return `${page}:${line} (${language})`;
}
