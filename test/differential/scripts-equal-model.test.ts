/** The CI share of the comparison; `npm run differential` goes on for longer, and over other seeds. */

import { expect, it } from 'vitest';
import { runCampaign } from './campaign.js';

const OPERATIONS = 15_000;
const SEED = 20_310_405;
/** A word that comes up less often was not really tried. */
const AT_LEAST = 5;

/** Every word that a script can answer, and everything that can happen to a server. */
const WORDS = [
  ...['granted', 'taken', 'taken with a name', 'quarantined', 'early', 'late', 'too_late'].map(
    (word) => `claim ${word}`,
  ),
  ...['taken', 'early', 'quarantined'].map((word) => `claim ${word} by a clock set back`),
  ...['raised', 'standing'].map((word) => `raise epoch ${word} with a name`),
  ...['unstamped', 'outdated', 'conflict', 'renamed', 'unconfirmed', 'refuses with a name'].map(
    (word) => `claim ${word}`,
  ),
  ...['noted', 'not_newer', 'in_use'].map((word) => `note ${word} with a name`),
  'note foreign',
  ...['voting', 'forced', 'foreign', 'void with a name', 'waiting with a name', 'other_id with a name'].map(
    (word) => `confirm ${word}`,
  ),
  ...['stamped', 'changed', 'too_late'].map((word) => `stamp ${word}`),
  ...['claim', 'acquire'].map((kind) => `${kind} DSCHEDVERSION with a name`),
  ...['acquired', 'held', 'held with a name', 'dying', 'quarantined', 'too_late'].map(
    (word) => `acquire ${word}`,
  ),
  ...['acquired', 'held with a name', 'granted', 'not_asked', 'taken with a name', 'renamed'].map(
    (word) => `bid ${word}`,
  ),
  ...['extended', 'lost', 'quarantined', 'too_late'].map((word) => `extend ${word}`),
  ...['released', 'absent'].map((word) => `release ${word}`),
  ...['seen 1', 'seen 0', 'one member', 'several members', 'somebody', 'nobody'].map(
    (word) => `beat ${word}`,
  ),
  ...['in short', 'in full', 'silent'].map((word) => `beat ${word}`),
  ...['live with a name', 'with a vote', 'without a vote'].map((word) => `beat ${word}`),
  ...['somebody', 'nobody', 'perhaps gone'].map((word) => `peek ${word}`),
  ...['done', 'done with a name'].map((word) => `prune ${word}`),
  ...[
    'flush',
    'evict ledger',
    'evict members',
    'evict signs',
    'evict standby sets',
    'evict lock',
    'fail back',
    'presence',
  ].map((kind) => `mishap ${kind}`),
  ...['its memory', 'the saved file'].map((what) => `mishap restart with ${what}`),
  ...['empty', 'as a replica'].map((how) => `mishap restart ${how}`),
  ...['clock forward', 'clock back'],
];
/** Enough of a look where time cannot be made to pass. */
const WORDS_IN_REAL_TIME = ['claim granted', 'acquire acquired', 'extend extended'];

it('the scripts in a real server answer and store what the model does', { timeout: 300_000 }, async () => {
  const { server, isClockSet, operations, seen, failure } = await runCampaign({
    operations: OPERATIONS,
    seed: SEED,
  });
  if (failure !== undefined) {
    throw new Error(`seed ${SEED}, ${server}: ${failure.message}\n${failure.story.join('\n')}`);
  }
  if (!isClockSet) {
    process.stderr.write(`!! no C compiler: only ${operations} operations, on a clock that cannot be set\n`);
  }
  const rare = (isClockSet ? WORDS : WORDS_IN_REAL_TIME).filter((word) => (seen.get(word) ?? 0) < AT_LEAST);
  expect(rare).toEqual([]);
});
