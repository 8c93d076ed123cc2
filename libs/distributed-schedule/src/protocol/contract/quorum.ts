/** Majorities of *configured* nodes, whatever number of them happens to be up. */

/** The smallest number of votes of which no two sets can be disjoint. Computed, never an option. */
export function quorumOf(nodes: number): number {
  return Math.floor(nodes / 2) + 1;
}
