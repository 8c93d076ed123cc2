/** The short table of docs/errors.md quotes what the code says; that of bad stores is held by a test that makes them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wordsOfTrouble } from '#src/redis/connection/trouble-words.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const [table = ''] = /^\| what is wrong [\s\S]*?\n\n/m.exec(page) ?? [];
const said = table
  .trim()
  .split('\n')
  .slice(2)
  .map((row) => row.split('|').map((cell) => cell.trim())[2]);

it('the page has the words of the code for what no test can make', () => {
  expect(said).toEqual(
    (['ETIMEDOUT', 'PROTECTED', 'CERT_HAS_EXPIRED'] as const).map((code) =>
      wordsOfTrouble({ code }, { nodeTimeoutMs: 120, isTls: false }, undefined),
    ),
  );
});
