/** Majorities of *configured* nodes, whatever number of them happens to be up. */

/** The smallest number of votes of which no two sets can be disjoint. Computed, never an option. */
export function quorumOf(nodes: number): number {
  return Math.floor(nodes / 2) + 1;
}

/** How often each word comes. */
export function countsOf(words: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
