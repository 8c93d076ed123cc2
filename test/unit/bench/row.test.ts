import { describe, expect, it } from 'vitest';
import { HEAD, medianAndRange, rowOf, rowOfUnable } from '../../bench/latency/row.js';
import { measuredOf, resultOf } from './fleet-result.js';

const cells = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('a line of the table', () => {
  it('has the median and the range of times, and the sum of counts', () => {
    const rounds = [
      resultOf({ p50Ms: 2, doubled: 1 }),
      resultOf({ p50Ms: 8, missed: 3 }),
      resultOf({ p50Ms: 4, doubled: 2 }),
    ];
    expect(cells(rowOf(measuredOf('redlock', ...rounds))).slice(0, 7)).toEqual([
      ...['20 x 2', 'redlock', '4.00 (2.00 to 8.00)', '9.0 (9.0 to 9.0)', '3', '3', '120'],
    ]);
  });

  it('counts no doubles of what runs in every process by design', () => {
    const line = rowOf({ ...measuredOf('croner', resultOf({ doubled: 40 })), isLocal: true });
    expect(cells(line)[4]).toBe('all, by design');
  });

  it('has a dash where nothing ran, or nobody counts', () => {
    const nothing = resultOf({ p50Ms: undefined, p99Ms: undefined, missed: 40, messages: undefined });
    const line = cells(rowOf(measuredOf('ours', nothing)));
    expect([line[2], line[3], line[5], line[9]]).toEqual(['-', '-', '40', '-']);
  });

  it('has as many cells as the head, also of what cannot take part', () => {
    const width = cells(HEAD[0] ?? '').length;
    expect(cells(rowOf(measuredOf('ours', resultOf())))).toHaveLength(width);
    const unable = cells(rowOfUnable({ name: 'pg-boss', why: 'once a minute' }));
    expect(unable).toHaveLength(width);
    expect(unable.slice(1, 4)).toEqual(['pg-boss: once a minute', '-', '-']);
  });
});

describe('a median with its range', () => {
  it('has no range for one value', () => {
    expect(medianAndRange([1.25], 1)).toBe('1.3');
    expect(medianAndRange([], 1)).toBe('-');
  });

  it('lies between two values', () => {
    expect(medianAndRange([3, 1], 0)).toBe('2 (1 to 3)');
  });
});
