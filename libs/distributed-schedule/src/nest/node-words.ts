/** What people read of nodes that give no vote, in the log and in readiness alike. */

import type { StoreNodeStatus } from './schedule-backend.js';

/** One sentence for all nodes with the same trouble: "node 1 and node 3 give no vote: nobody listens …". */
export function sentencesOf(nodes: readonly StoreNodeStatus[]): readonly string[] {
  const labels = new Map<string, string[]>();
  for (const node of nodes) {
    const reason = reasonOf(node);
    labels.set(reason, [...(labels.get(reason) ?? []), node.label]);
  }
  return [...labels].map(
    ([reason, those]) => `${listed(those)} ${those.length === 1 ? 'gives' : 'give'} no vote: ${reason}`,
  );
}

/** The code first, where there is one: the errors page has more under it. */
export function reasonOf({ problem, why }: StoreNodeStatus): string {
  const reason = why ?? 'no word has come from it';
  if (problem === undefined) return reason;
  return why === undefined ? problem : `${problem}: ${why}`;
}

/** How long something lasts, for people. */
export function spoken(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function listed(labels: readonly string[]): string {
  return labels.length < 2
    ? labels.join('')
    : `${labels.slice(0, -1).join(', ')} and ${labels.slice(-1).join('')}`;
}
