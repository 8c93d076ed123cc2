import { describe, expect, it } from 'vitest';
import { StartsFirst } from '#src/protocol/run/starts-first.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const MANY = 8;

function stage() {
  const clock = new ManualClock();
  const startsFirst = new StartsFirst(clock, { nowMs: () => clock.wallMs() });
  const tick = Math.ceil(clock.wallMs());
  return { clock, tick, startsFirst };
}

describe('what follows the ends of runs that started together', () => {
  it('waits until 12 ms after their tick, for all of them alike', async () => {
    const { clock, tick, startsFirst } = stage();
    for (let count = 0; count < MANY; count += 1) startsFirst.began(tick);
    await clock.advance(2);
    const endedMs: number[] = [];
    for (let count = 0; count < MANY; count += 1)
      void startsFirst.afterAll(tick)?.then(() => endedMs.push(clock.wallMs() - tick));
    await clock.advance(9);
    expect(endedMs).toEqual([]);
    await clock.advance(5);
    expect(endedMs).toHaveLength(MANY);
    expect(Math.max(...endedMs)).toBeLessThanOrEqual(13);
    expect(startsFirst.afterAll(tick)).toBeUndefined();
  });

  it('waits for nothing where few have started, or at another tick', () => {
    const { tick, startsFirst } = stage();
    for (let count = 1; count < MANY; count += 1) startsFirst.began(tick);
    expect(startsFirst.afterAll(tick)).toBeUndefined();
    startsFirst.began(tick);
    expect(startsFirst.afterAll(tick - 1_000)).toBeUndefined();
    expect(startsFirst.afterAll(tick)).toBeDefined();
    startsFirst.began(tick + 1_000);
    expect(startsFirst.afterAll(tick)).toBeUndefined();
  });

  it('waits for nothing where the tick lies ahead of the clock, as after a step back', () => {
    const { tick, startsFirst } = stage();
    for (let count = 0; count < MANY; count += 1) startsFirst.began(tick + 3_600_000);
    expect(startsFirst.afterAll(tick + 3_600_000)).toBeUndefined();
  });
});
