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
  mostMs: 60_000,
  sets: [3, 3, 5],
  steppingSets: [],
  replicas: 3,
  untilDoubled: false,
};

const copy = BrokenCopy.make();
afterAll(() => copy.remove());

describe('masters that lose their memory right after a grant', () => {
  it('do not make a tick start twice', async () => {
    const { doubled, stories, troubles, contestedTicks, losses } = await runTorture(SHORT);

    expect(doubled, stories.join('\n')).toEqual([]);
    expect(troubles).toEqual([]);
    expect(contestedTicks).toBeGreaterThanOrEqual(SHORT.contestedTicks);
    expect(losses.length).toBeGreaterThanOrEqual(SHORT.losses);
  });

  it('make a tick start twice when the nodes have no floor, so the torture can see it', async () => {
    const enough = { ...SHORT, contestedTicks: 10_000, losses: 1_000, mostMs: 120_000 };

    const { doubled } = await copy.whileBroken(requireBreakage('no floor'), () =>
      tortureBroken(copy.root, enough),
    );

    expect(doubled).toBeGreaterThan(0);
  });
});
