import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OUTCOMES } from '#src/protocol/contract/outcome.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/glossary.md'), 'utf8');

/** First cells of the table below a heading, without its head and rule. */
function firstCells(heading: string): string[] {
  const [, section = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  const rows = (section.split(/^## /m)[0] ?? '').split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => row.split('|')[1]?.trim() ?? '');
}

it('docs/glossary.md lists exactly the outcomes, in their order', () => {
  expect(firstCells('Outcomes')).toEqual(OUTCOMES.map((outcome) => `\`${outcome}\``));
});

it('docs/glossary.md explains each word once', () => {
  const words = firstCells('Words');
  expect(words).toContain('fencing token');
  expect(words).toEqual([...new Set(words)]);
});
