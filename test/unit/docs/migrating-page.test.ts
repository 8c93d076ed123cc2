/** docs/migrating.md cannot rot: its replacements are applied to the app before, and must give the app after. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';

const APPS = join(repositoryRoot, 'test/migration');
const files = readdirSync(join(APPS, 'before'));

function documentedReplacements(): readonly (readonly [RegExp, string])[] {
  const page = readFileSync(join(repositoryRoot, 'docs/migrating.md'), 'utf8');
  return [...page.matchAll(/^search {3}(.*)\nreplace {2}(.*)$/gm)].map(([, search = '', replace = '']) => [
    new RegExp(search, 'g'),
    replace,
  ]);
}

describe('docs/migrating.md', () => {
  it.each(files)('turns %s of the app before into that of the app after', (file) => {
    let text = readFileSync(join(APPS, 'before', file), 'utf8');
    for (const [search, replace] of documentedReplacements()) text = text.replaceAll(search, replace);
    // A formatter may break the line that has become longer.
    expect(squeezed(text)).toBe(squeezed(readFileSync(join(APPS, 'after', file), 'utf8')));
  });

  it('needs every one of its replacements, and knows every file', () => {
    const before = files.map((file) => readFileSync(join(APPS, 'before', file), 'utf8')).join('\n');
    expect(documentedReplacements().filter(([search]) => !search.test(before))).toEqual([]);
    expect(readdirSync(join(APPS, 'after'))).toEqual(files);
  });
});

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, '').replaceAll(/,(?=[)\]}])/g, '');
}
