import { describe, expect, it } from 'vitest';
import type { NodeTick } from '#src/protocol/contract/ports.js';
import { parseTick } from '#src/redis/scripts/ledger-words.js';

describe('the newest tick of a task in the words of a node', () => {
  it.each<[string, NodeTick]>([
    ['5000 a:1 4000 0', { tick: 5_000, claimId: 'a:1' }],
    ['5000 a:1 4000 5000', { tick: 5_000, claimId: 'a:1' }],
    ['5000 a:1 4000 5001', { tick: 5_000, claimId: 'a:1', floor: 5_001 }],
    ['5000 - 4000 0', { tick: 5_000 }],
    ['5000 -~ 4000 0', { tick: 5_000 }],
    ['0 - 0 0', { tick: 0 }],
    ['0 - 0 900', { tick: 0, floor: 900 }],
    ['0 - 0 900 700', { tick: 0, floor: 900, prunedUpTo: 700 }],
    ['5000 a:1 4000 0 700', { tick: 5_000, claimId: 'a:1', prunedUpTo: 700 }],
  ])('is read from %j', (text, tick) => {
    expect(parseTick(text)).toStrictEqual(tick);
  });

  it.each([
    '',
    '5000',
    '5000 a:1',
    '5000 a:1 4000',
    'soon a:1 4000 0',
    '5000 a:1 4000 x',
    '5000.5 a:1 4000 0',
  ])('is not understood in %j', (text) => {
    expect(parseTick(text)).toBeUndefined();
  });
});
