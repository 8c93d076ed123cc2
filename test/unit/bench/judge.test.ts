import { describe, expect, it } from 'vitest';
import type { Seen } from '../../bench/latency/instance-messages.js';
import { judge, median, percentile } from '../../bench/latency/judge.js';

const T = 1_000_000_000;

function seen(...starts: readonly (readonly [task: number, afterMs: number])[]): Seen {
  return {
    tasks: starts.map(([task]) => task),
    atMs: starts.map(([, afterMs]) => T + afterMs),
    ticks: [],
    ...{ cpuMs: 20, wallMs: 2_000, rssBytes: 2 ** 20, bootMs: 80, loopDelayMs: 2 },
  };
}

describe('what the benchmark makes of the starts of a fleet', () => {
  it('is how late the first start of each second was, over all processes', () => {
    const fleet = [seen([0, 3], [1, 1_020]), seen([1, 7], [0, 1_001])];
    expect(judge(fleet, 2, T, 2)).toEqual({
      ...{ due: 4, doubled: 0, missed: 0, early: 0, p50Ms: 3, p99Ms: 20 },
      ...{ cpuMs: 10, rssMiB: 1, bootMs: 80, loopDelayMs: 2 },
    });
  });

  it('counts a second that two processes ran, and one that nobody ran', () => {
    const fleet = [seen([0, 3]), seen([0, 90])];
    expect(judge(fleet, 1, T, 2)).toMatchObject({ due: 2, doubled: 1, missed: 1, p50Ms: 3 });
  });

  it('takes a start right before a second for that one, too early', () => {
    expect(judge([seen([0, 950], [0, 2])], 1, T, 2)).toMatchObject({ early: 1, missed: 0, p50Ms: -50 });
  });

  it('goes by the second that a handler was told, however late it is', () => {
    const told = { ...seen([0, 1_200], [0, 1_900]), ticks: [T, T + 1_000] };
    expect(judge([told], 1, T, 2)).toMatchObject({ missed: 0, doubled: 0, p50Ms: 900, p99Ms: 1_200 });
    expect(judge([seen([0, 1_200], [0, 1_890])], 1, T, 2)).toMatchObject({ missed: 1, doubled: 1 });
  });

  it('leaves aside what lies outside of the seconds that are looked at', () => {
    expect(judge([seen([0, -200], [0, 5], [0, 2_005])], 1, T, 2)).toMatchObject({ missed: 1, doubled: 0 });
  });
});

describe('a percentile', () => {
  it('is a value that was measured: the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
    expect(percentile([7], 0.01)).toBe(7);
    expect(percentile([], 0.5)).toBeUndefined();
  });
});

describe('a median', () => {
  it('is the one in the middle, or between two', () => {
    expect([median([5, 1, 3]), median([4, 1]), median([7]), median([])]).toEqual([3, 2.5, 7, undefined]);
  });
});
