import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const [, after = ''] = page.split(/^## Lines of the log, and what they mean$/m);
const [section = ''] = after.split(/^## /m);
const words = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, said = '']) => said);

const sources = readdirSync(join(root, 'libs/distributed-schedule/src'), {
  recursive: true,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  // Long lines are put together of several strings, and prefixes are put before them.
  .map((source) => source.replace(/'\s*\+\s*'/g, ''))
  .join('\n');

it('docs/errors.md explains lines of the log', () => {
  expect(words.length).toBeGreaterThan(10);
});

it.each(words)('docs/errors.md explains words that the log says: %s', (said) => {
  expect(sources).toContain(said.replace(/^no bid: /, ''));
});
