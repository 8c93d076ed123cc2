import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';
import { filesOfPage, textOf } from '../../support/page-files.js';

const MAX_LINES = 200;

describe('README.md', () => {
  it('is read to its end', () => {
    expect(textOf('../README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  it('has apps/sample as its first task', () => {
    const sample = readFileSync(join(repositoryRoot, 'apps/sample/src/main.ts'), 'utf8');
    expect(filesOfPage('../README.md').get('src/main.ts')).toBe(sample);
  });
});
