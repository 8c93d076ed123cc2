import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '#src/protocol/contract/errors.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const [, byCode = ''] = page.split(/^## Errors by code$/m);
const sections = byCode.split(/^## /m).slice(1);

it('docs/errors.md lists exactly the error codes, in their order', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(ERROR_CODES));
});

it.each(sections.map((section) => [section.split('\n')[0], section] as const))(
  'docs/errors.md gives a cause and a remedy for %s',
  (_code, section) => {
    expect(section).toMatch(/^- \*\*Cause:\*\* \S[^*]{20,}\n- \*\*Remedy:\*\* \S[^*]{20,}/m);
  },
);
