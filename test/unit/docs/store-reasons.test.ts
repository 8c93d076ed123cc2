/** The table of docs/errors.md quotes what the code says. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { credentialsRefusal } from '../../../libs/distributed-schedule/src/redis/connection-refusal.js';
import { judgeHandshake } from '../../../libs/distributed-schedule/src/redis/store-handshake.js';
import { wordsOfTrouble } from '../../../libs/distributed-schedule/src/redis/trouble-words.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const [table = ''] = /^\| what is wrong [\s\S]*?\n\n/m.exec(page) ?? [];
const rows = table
  .trim()
  .split('\n')
  .slice(2)
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, wrong = '', said = '']) => ({ wrong, said }));

const REASONS = [
  ...['ENOTFOUND', 'ECONNREFUSED', 'ETIMEDOUT', 'NOT_REDIS', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'PROTECTED'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ECONNRESET', 'MAXCLIENTS', 'timeout'],
];

const unfitFor = (role: string, ...refused: readonly string[]): string => {
  const verdict = judgeHandshake(['7.0.15', 'run', 'replid', role, '0', '0', '', ...refused]);
  return verdict.kind === 'unfit' ? `DSCHED_UNSUPPORTED_STORE: ${verdict.why}` : '';
};

const sentences: readonly string[] = [
  ...[false, true].flatMap((isTls) =>
    [undefined, 131].flatMap((lateMs) =>
      REASONS.map((reason) => wordsOfTrouble(reason, { nodeTimeoutMs: 120, isTls }, lateMs)),
    ),
  ),
  ...['WRONGPASS', 'NOAUTH'].map((word) => `DSCHED_CREDENTIALS_REFUSED: ${credentialsRefusal(word).why}`),
  unfitFor('slave'),
  unfitFor('master', 'PEXPIRE', 'ZCARD'),
  unfitFor('master', '?PUBSUB'),
];

it.each(rows)('$wrong: the page has the words of the code', ({ said }) => {
  const begins = said.replace(/ …$/, '');
  expect(
    sentences.some((sentence) => (begins === said ? sentence === said : sentence.startsWith(begins))),
  ).toBe(true);
});

it('the table is read as a whole', () => {
  expect(rows.length).toBeGreaterThan(15);
});
