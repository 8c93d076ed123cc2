/** What people read of nodes that give no vote, in the log and in readiness alike. */

import type { StoreNodeStatus } from './store-status.js';

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
