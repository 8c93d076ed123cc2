/** Pearson's chi-square test of counts against the shares that they should have. */

/** Critical values at 0.1 %: one seed in a thousand exceeds them by chance. By degrees of freedom. */
export const DEGREES_1 = 10.83;
export const DEGREES_4 = 18.47;
export const DEGREES_11 = 31.26;

export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = sum(counts);
  const shareTotal = sum(shares);
  return sum(
    counts.map((count, index) => {
      const expected = (total * (shares[index] ?? 0)) / shareTotal;
      return (count - expected) ** 2 / expected;
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}
