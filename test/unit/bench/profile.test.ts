import { describe, expect, it } from 'vitest';
import { CONTESTANTS } from '../../bench/latency/contestants.js';
import { requireAsked } from '../../bench/profile.js';

describe('what the benchmark is asked for', () => {
  it('is all contestants in rounds, so that the noise can be told', () => {
    for (const words of [[], ['--full']]) {
      const { profile } = requireAsked(words);
      expect(profile.contestants).toBe(CONTESTANTS);
      expect(profile.rounds).toBeGreaterThan(1);
    }
  });

  it('may be less or more, which the report tells', () => {
    const words = [
      '--shapes',
      '1x2,10x12',
      '--only',
      'ours,croner alone',
      '--rounds',
      '4',
      '--busy',
      '3',
      '--round-trips',
      '1,1,100',
    ];
    const { profile, shown } = requireAsked(words);
    expect(profile).toMatchObject({
      shapes: [
        { tasks: 1, instances: 2 },
        { tasks: 10, instances: 12 },
      ],
      ...{ rounds: 4, busyLoops: 3, roundTripsMs: [1, 1, 100] },
    });
    expect(profile.contestants.map(({ name }) => name)).toEqual(['ours', 'croner alone']);
    expect(shown).toBe(
      'short: 1x2,10x12 (tasks x processes), 4 x 2 s, 3 busy loops, masters 1,1,100 ms away and back',
    );
  });

  it.each([
    [['--shapes', '1'], "'1' is no shape"],
    [['--shapes', '0x3'], "'0x3' is no shape"],
    [['--rounds', '0'], '--rounds 0: write a whole number above 0'],
    [['--seconds', 'many'], '--seconds many'],
    [['--round-trips', '1,far'], "'far' is no round trip"],
    [['--only', 'cron'], "no contestant 'cron'; there are ours,"],
    [['--round', '2'], '--round'],
  ])('is refused with its reason: %j', (words, reason) => {
    expect(() => requireAsked(words)).toThrow(reason);
  });
});
