/** What people read of nodes that give no vote, in the log and in readiness alike. */

import type { StoreNodeStatus } from './schedule-backend.js';

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

/** How long something lasts, for people: `45 s`, `1 min 30 s`, `12 min`, `1 h 5 min`. */
export function spoken(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return twoUnits(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : twoUnits(minutes, 60, 'h', 'min');
}

function twoUnits(amount: number, perLarge: number, large: string, small: string): string {
  const rest = amount % perLarge;
  return `${Math.floor(amount / perLarge)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

function listed(labels: readonly string[]): string {
  return labels.length < 2
    ? labels.join('')
    : `${labels.slice(0, -1).join(', ')} and ${labels.slice(-1).join('')}`;
}
