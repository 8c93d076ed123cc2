/** How faults are drawn. */

import fc from 'fast-check';

export const forMs = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 400, max: 8_000 }));

export function kind<const T extends string>(name: T): fc.Arbitrary<T> {
  return fc.constant(name);
}

export function weighted<T>(
  weight: number,
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.WeightedArbitrary<T> {
  return { weight, arbitrary: fc.record(fields) as fc.Arbitrary<T> };
}
