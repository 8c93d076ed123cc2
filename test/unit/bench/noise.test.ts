import { describe, expect, it } from 'vitest';
import { noiseOf, spreadOf } from '../../bench/report/noise.js';
import { measuredOf, resultOf } from './fleet-result.js';

describe('the spread of rounds', () => {
  it('is the distance of the ends over the median', () => {
    expect(spreadOf([4, 2, 5])).toBe(0.75);
    expect(spreadOf([3, 3])).toBe(0);
  });

  it('is unknown for one round, and where the median says nothing', () => {
    expect(spreadOf([3])).toBeUndefined();
    expect(spreadOf([-1, 0, 1])).toBeUndefined();
  });
});

describe('the noise of a run', () => {
  it('is that of the median row and of the worst', () => {
    const row = (...p50s: readonly (number | undefined)[]) =>
      measuredOf('any', ...p50s.map((p50Ms) => resultOf({ p50Ms })));
    expect(noiseOf([row(10, 11, 10), row(4, 8, 4), row(5, 5, 6), row(undefined, undefined, 3)])).toEqual({
      ...{ rounds: 3, medianSpread: 0.2, largestSpread: 1 },
    });
  });

  it('is unknown after one round', () => {
    const noise = noiseOf([measuredOf('any', resultOf())]);
    expect(noise).toEqual({ rounds: 1, medianSpread: undefined, largestSpread: undefined });
  });
});
