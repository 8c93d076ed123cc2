/** What is told of the store as a whole, and of each of its nodes, and in which words: in the log and in readiness alike. */

/**
 * What the store can promise. `quorum`: a majority of independent masters decides, and each may fail or forget.
 * `single`: one master, without which nothing runs. `best_effort`: a Sentinel or Cluster among them, whose failover
 * can lose a grant and so double a tick. `memory`: nothing beyond this process.
 */
export type StoreStrength = 'quorum' | 'single' | 'best_effort' | 'memory';

/** One node as this instance sees it: no host name, no secret. */
export interface StoreNodeStatus {
  /** Such as `node 1`, in the order of the `redis` option. */
  readonly label: string;
  readonly answering: boolean;
  /** The code of the reason why a node that is up gives no vote. */
  readonly problem?: string;
  /** Why it gives no vote, what was measured and what to do, in words. Absent while it votes, or nothing is known yet. */
  readonly why?: string;
  /** What is odd about it, although it votes. */
  readonly warnings?: readonly string[];
}

/** The store as this instance sees it. */
export interface StoreStatus {
  readonly strength: StoreStrength;
  readonly nodes: readonly StoreNodeStatus[];
}

/** One sentence for all nodes with the same trouble: "Each of node 1 and node 3 gives no vote: it does not answer …". */
export function sentencesOf(nodes: readonly StoreNodeStatus[]): readonly string[] {
  const labels = new Map<string, string[]>();
  for (const node of nodes) {
    const reason = reasonOf(node);
    labels.set(reason, [...(labels.get(reason) ?? []), node.label]);
  }
  // The reasons speak of one node.
  return [...labels].map(
    ([reason, those]) => `${those.length === 1 ? '' : 'Each of '}${listed(those)} gives no vote: ${reason}`,
  );
}

/** The code first, where there is one: the errors page has more under it. */
export function reasonOf({ problem, why }: StoreNodeStatus): string {
  const reason = why ?? 'no word has come from it';
  if (problem === undefined) return reason;
  return why === undefined ? problem : `${problem}: ${why}`;
}

export function listed(labels: readonly string[]): string {
  return labels.length < 2
    ? labels.join('')
    : `${labels.slice(0, -1).join(', ')} and ${labels.slice(-1).join('')}`;
}
