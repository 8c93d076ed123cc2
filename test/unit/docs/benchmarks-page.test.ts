import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';
import { CONTESTANTS, UNABLE } from '../../bench/latency/contestants.js';

const page = readFileSync(join(repositoryRoot, 'docs/benchmarks.md'), 'utf8');
const [, part = ''] = page.split(/^## Run it yourself$/m);
const [, table = ''] = part.split('| contestant | what it is |\n|---|---|\n');
const [rows = ''] = table.split('\n\n');

describe('docs/benchmarks.md', () => {
  it('says of each contestant what it is, in the words of the benchmark', () => {
    const able = CONTESTANTS.map(({ name, about }) => `| ${name} | ${about} |`);
    const unable = UNABLE.map(({ name, why }) => `| ${name} | cannot take part: ${why} |`);
    expect(rows.split('\n')).toEqual([...able, ...unable]);
  });
});
