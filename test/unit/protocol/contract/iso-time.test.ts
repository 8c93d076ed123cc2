import { expect, it } from 'vitest';
import { isoTime } from '#src/protocol/contract/iso-time.js';

it('shows an instant in UTC, and what no Date can hold as its number', () => {
  expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(isoTime(8.64e15)).toBe('+275760-09-13T00:00:00.000Z');
  expect(isoTime(8.64e15 + 1)).toBe('8640000000000001 ms');
  expect(isoTime(Number.NaN)).toBe('NaN ms');
});
