import { describe, expect, it } from 'vitest';
import { figuresOf, figuresOfCsv } from '../../bench/floors/figures.js';
import { drive } from '../../bench/floors/floor.js';

describe('figures of a floor', () => {
  it('are operations per second of all callers, and times of one call', () => {
    const tookMs = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(figuresOf(5_000, tookMs, 2_000)).toEqual({ opsPerSecond: 2_500, p50Ms: 50, p99Ms: 99 });
  });

  it('are read from redis-benchmark by the names of its columns', () => {
    const csv = [
      '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"',
      '"SET","120481.93","0.267","0.096","0.263","0.351","0.615","1.247"\n',
    ].join('\n');
    expect(figuresOfCsv(csv)).toEqual({ opsPerSecond: 120_481.93, p50Ms: 0.263, p99Ms: 0.615 });
  });

  it('are refused from a redis-benchmark that tells no p99, as those before version 6.2', () => {
    expect(() => figuresOfCsv('"test","rps"\n"SET","1.0"')).toThrow('no p50_latency_ms');
  });
});

describe('a driven floor', () => {
  it('counts what the calls have done, with so many under way at a time', async () => {
    let [atATime, most] = [0, 0];
    const callers = new Set<number>();
    const figures = await drive({ callers: 3, forMs: 20 }, async (caller) => {
      atATime += 1;
      most = Math.max(most, atATime);
      callers.add(caller);
      await new Promise(setImmediate);
      atATime -= 1;
      return 10;
    });
    expect([most, [...callers].sort()]).toEqual([3, [0, 1, 2]]);
    expect(figures.opsPerSecond).toBeGreaterThan(0);
  });

  it('fails where a store refuses, which would be fast', async () => {
    await expect(drive({ callers: 1, forMs: 20 }, async () => 0)).rejects.toThrow('has done nothing');
  });
});
