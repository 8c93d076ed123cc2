import { expect, it } from 'vitest';
import { isUndisputedSince } from '#src/protocol/audit/audit-source.js';
import type { ElectorateStatus } from '#src/protocol/contract/electorate-view.js';

const NOW_MS = 10_000;

function electorate(undisputedForMs: number | undefined): { status(): ElectorateStatus } {
  return {
    status: () => ({ condition: 'bids', detail: '', undisputedForMs, problems: {}, setBackMs: {} }),
  };
}

it('judges no tick of a time in which another set of nodes may have run it', () => {
  // Two seconds without a sign of another set: since 8,000.
  expect(isUndisputedSince(8_000, NOW_MS, electorate(2_000))).toBe(true);
  expect(isUndisputedSince(7_999, NOW_MS, electorate(2_000))).toBe(false);
  expect(isUndisputedSince(9_999, NOW_MS, electorate(undefined))).toBe(false);
  expect(isUndisputedSince(1, NOW_MS, undefined)).toBe(true);
});
