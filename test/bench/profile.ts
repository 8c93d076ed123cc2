/** How much is measured: briefly, to see where one stands, or for figures that can be published. */

import { parseArgs } from 'node:util';
import type { Trial } from './latency/comparison.js';
import { CONTESTANTS, requireContestant } from './latency/contestants.js';
import { requireRoundTrips } from './latency/masters.js';
import { requireShapes } from './latency/shape.js';

export interface Profile extends Trial {
  /** Of each floor in each round. */
  readonly floorMs: number;
}

/** Under three minutes on two cores with nothing else to do. */
const SHORT = { shapes: '20x2', rounds: '2', seconds: '2', floorMs: 500 } as const;
const FULL = { shapes: '1x4,1x12,100x12,400x12,1000x4', rounds: '3', seconds: '10', floorMs: 3_000 } as const;
const OPTIONS = {
  full: { type: 'boolean', default: false },
  out: { type: 'string' },
  shapes: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  only: { type: 'string' },
  busy: { type: 'string', default: '0' },
  'round-trips': { type: 'string', default: '0' },
} as const;

export interface Asked {
  readonly profile: Profile;
  /** In words. */
  readonly shown: string;
  /** The folder to write to. */
  readonly out: string | undefined;
}

/** @throws Error for a word that is no option, or a value that is none of its */
export function requireAsked(words: readonly string[]): Asked {
  const { values } = parseArgs({ args: [...words], options: OPTIONS });
  const { floorMs, ...preset } = values.full ? FULL : SHORT;
  const shapes = values.shapes ?? preset.shapes;
  const rounds = requireCount('rounds', values.rounds ?? preset.rounds);
  const seconds = requireCount('seconds', values.seconds ?? preset.seconds);
  const busyLoops = values.busy === '0' ? 0 : requireCount('busy', values.busy);
  const roundTrips = values['round-trips'];
  const distance = roundTrips === '0' ? '' : `, masters ${roundTrips} ms away and back`;
  return {
    profile: {
      shapes: requireShapes(shapes),
      contestants: values.only === undefined ? CONTESTANTS : values.only.split(',').map(requireContestant),
      ...{ rounds, seconds, busyLoops, floorMs },
      roundTripsMs: requireRoundTrips(roundTrips),
    },
    shown: `${values.full ? 'full' : 'short'}: ${shapes} (tasks x processes), ${rounds} x ${seconds} s, ${busyLoops} busy loops${distance}`,
    out: values.out,
  };
}

function requireCount(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option} ${text}: write a whole number above 0`);
  return Number(text);
}
