import { describe, expect, it } from 'vitest';
import { SystemRandom } from '#src/system/system-random.js';

const DRAWS = 5_000;

describe('randomness of the system', () => {
  it('gives ids of 128 bits, none of them twice, also where numbers are drawn in between', () => {
    const random = new SystemRandom();
    const ids = new Set<string>();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      ids.add(random.id());
      if (draw % 3 === 0) random.next();
    }
    expect(ids.size).toBe(DRAWS);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('gives different ids to two of its kind', () => {
    expect(new SystemRandom().id()).not.toBe(new SystemRandom().id());
  });

  it('spreads numbers evenly over 0 to 1', () => {
    const random = new SystemRandom();
    const tenths = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10 * DRAWS; draw += 1) {
      const number = random.next();
      expect(number).toBeLessThan(1);
      tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
    }
    // Ten standard deviations: never by chance.
    for (const count of tenths) expect(Math.abs(count - DRAWS)).toBeLessThan(10 * Math.sqrt(DRAWS));
  });
});
