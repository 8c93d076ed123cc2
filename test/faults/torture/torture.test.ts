import { afterAll, describe, expect, it } from 'vitest';
import { BrokenCopy } from '../../support/broken-copy.js';
import { requireBreakage } from './breakages.js';
import { tortureBroken } from './score.js';
import type { TortureSettings } from './terms.js';
import { runTorture } from './torture-run.js';

/** What a slow machine with two cores gets done in time; `npm run torture` asks for fifty times as much. */
const SHORT: TortureSettings = {
  seed: 1,
  contestedTicks: 150,
  losses: 30,
  mostMs: 150_000,
  sets: [3, 5],
  steppingSets: [],
  forkedSets: [3],
  replicas: 3,
  untilDoubled: false,
};

const SEEN_WITHIN_MS = 300_000;

const copy = BrokenCopy.make();
afterAll(() => copy.remove());

describe('masters that lose their memory right after a grant', () => {
  it('do not make a tick start twice', { timeout: SHORT.mostMs + 90_000 }, async (ctx) => {
    const { doubled, stories, troubles, contestedTicks, losses, refusals } = await runTorture(SHORT);

    expect(doubled, stories.join('\n')).toEqual([]);
    expect(troubles).toEqual([]);
    if (contestedTicks < SHORT.contestedTicks || losses.length < SHORT.losses) {
      const seen = `${contestedTicks} contested ticks and ${losses.length} losses of memory`;
      const reason = `this machine is too slow for the torture: ${seen} in ${SHORT.mostMs / 1_000} s prove nothing`;
      process.stderr.write(`!! ${reason}\n`);
      return ctx.skip(reason);
    }
    expect(refusals.byFloor + refusals.withoutVote, 'forgotten votes that were refused').toBeGreaterThan(0);
  });

  // It ends with the first tick that is doubled, after half a minute where nothing else runs; beside another file it gets half of the machine.
  it('make a tick start twice when the nodes have no floor, so the torture can see it', {
    retry: 1,
    timeout: SEEN_WITHIN_MS + 90_000,
  }, async () => {
    const enough = { ...SHORT, contestedTicks: 10_000, losses: 1_000, mostMs: SEEN_WITHIN_MS };

    const row = await copy.whileBroken(requireBreakage('no floor'), () => tortureBroken(copy.root, enough));

    expect(row.doubled, row.void || JSON.stringify(row)).toBeGreaterThan(0);
  });
});
