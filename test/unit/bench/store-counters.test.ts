import { describe, expect, it } from 'vitest';
import { trafficOf } from '../../bench/latency/store-counters.js';

describe('the traffic of a fleet', () => {
  it('is counted over the time between the two looks, not over the seconds that are judged', () => {
    const before = { messages: 100, bytes: 5_000, cpuMs: 10, atMs: 1_000 };
    const after = { messages: 180, bytes: 25_000, cpuMs: 50, atMs: 5_000 };
    expect(trafficOf(before, after)).toEqual({ messages: 20, kilobytes: 5, storeCpuMs: 10 });
  });

  it('is unknown where the store counts nothing', () => {
    expect(trafficOf(undefined, undefined)).toEqual({
      ...{ messages: undefined, kilobytes: undefined, storeCpuMs: undefined },
    });
  });
});
