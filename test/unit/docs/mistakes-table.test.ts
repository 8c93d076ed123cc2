import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MISTAKES } from './mistakes.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const [, table = ''] = page.split(/^# Mistakes.*$/m);
const rows = table.split('\n').filter((line) => line.startsWith('| `'));

/** In two sorts of code quotes, as what is written has backticks itself. */
const rowOf = (written: string, line: string): string => `| ${inCode(written)} | ${inCode(line)} |`;
const inCode = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

describe('the table of mistakes in docs/errors.md', () => {
  it.each(MISTAKES.map((mistake, index) => [mistake.written, mistake, index] as const))(
    'has the very line for %s',
    async (_written, { written, line }, index) => {
      expect(rows[index]).toBe(rowOf(written, await line()));
    },
  );

  it('has no other rows', () => {
    expect(rows).toHaveLength(MISTAKES.length);
  });
});
