import { expect, it } from 'vitest';
import { type CpuProfile, sharesOf } from '../../bench/cpu-profile/shares.js';

const frame = (functionName: string, url = '') => ({ functionName, url });
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 6] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('(garbage collector)') },
    {
      id: 4,
      callFrame: frame('bid', 'file:///a/libs/distributed-schedule/src/protocol/bid/bid.ts'),
      children: [5],
    },
    { id: 5, callFrame: frame('write', 'file:///a/node_modules/ioredis/built/Redis.js') },
    { id: 6, callFrame: frame('parse', 'file:///a/node_modules/@nestjs/core/index.js') },
  ],
  samples: [6, 2, 5, 5, 3, 6],
  timeDeltas: [1_000, 1_000, 1_000, 1_000, 1_000, 1_000],
};

it('each sample is the work of the outermost function of ours, else of a package; idle time is none', () => {
  const { shares, busyMs } = sharesOf(PROFILE, 1e9);
  expect(busyMs).toBe(5);
  expect(Object.fromEntries(shares)).toEqual({
    'protocol/bid': 0.4,
    '@nestjs/core': 0.4,
    'garbage collection': 0.2,
  });
});

it('only the end counts that was asked for', () => {
  const { shares, busyMs } = sharesOf(PROFILE, 3_500);
  expect(busyMs).toBe(4);
  expect(shares.get('protocol/bid')).toBe(0.5);
});
