import { describe, expect, it } from 'vitest';
import { requireShapes } from '../../bench/latency/shape.js';
import { fit, INSTANCE_TERMS, MASTER_TERMS, predict } from '../../bench/scale/unit-costs.js';

const SHAPES = requireShapes('1x1,100x1,1000x1,1x4,100x4,1000x4,1x12,100x12,400x12,1x24');

describe('unit costs', () => {
  it('are found again where what was measured is made of them', () => {
    const made = { each: [3, 0.2, 0.001, 0.05], off: 0 };
    const { each, off } = fit(
      MASTER_TERMS,
      SHAPES.map((shape) => ({ shape, value: predict(MASTER_TERMS, made, shape) })),
    );
    for (const [index, cost] of made.each.entries()) expect(each[index]).toBeCloseTo(cost, 2);
    expect(off).toBeLessThan(0.01);
  });

  it('are never below nothing, and tell how far they are off', () => {
    // The more tasks the less it takes: none of the terms can say that.
    const falling = SHAPES.map((shape) => ({ shape, value: 100 / (1 + shape.tasks) }));
    const { each, off } = fit(INSTANCE_TERMS, falling);
    for (const cost of each) expect(cost).toBeGreaterThanOrEqual(0);
    expect(off).toBeGreaterThan(0.2);
  });
});
