/** A put on its way to a majority of the nodes. */

import type { Clock } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import type { BoardLink } from './board-link.js';
import type { BoardRecord, Stamp } from './board-record.js';

/**
 * How a put has ended.
 *
 * - `kept`       a majority of nodes keeps it: it outlives the loss of any minority
 * - `minority`   some nodes keep it. It holds for instances that reach one of them, and spreads as the others come back; if
 *                those few lose their memory first, it may be lost
 * - `unheard`    no node has answered, and this instance does not act on it. A node that took it without its answer
 *                coming through can still spread it
 */
export interface BoardVerdict {
  readonly kind: 'kept' | 'minority' | 'unheard';
  readonly acknowledged: number;
  readonly nodes: number;
  /** Nodes that refused it, as they keep as many records as they may. */
  readonly full: number;
}

/** How long a put waits between two tries. */
export const PUT_RETRY_MS = 100;

export interface BoardPutParts {
  readonly links: readonly BoardLink[];
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  /** The board has forgotten what it knew: what was about to be put is as old. */
  readonly discarded: AbortSignal;
  /** A node keeps the record: from now on it counts here too. */
  readonly onKept: (record: BoardRecord) => void;
  /** A newer stamp, where the record has lost to one that nobody else could ever outdo. */
  readonly outbid: (record: BoardRecord) => Stamp | undefined;
}

/** Offers the record to every node, again and again until a majority keeps it or the time is over. Never rejects. */
export async function deliver(
  parts: BoardPutParts,
  record: BoardRecord,
  untilMs: number,
): Promise<BoardVerdict> {
  const { links, clock, stopped, discarded, onKept, outbid } = parts;
  const quorum = quorumOf(links.length);
  const kept = new Set<BoardLink>();
  const full = new Set<BoardLink>();
  const offer = async (link: BoardLink): Promise<void> => {
    const answer = await link.offer(record);
    if (answer === 'full') full.add(link);
    if (answer !== 'kept') return;
    full.delete(link);
    kept.add(link);
    onKept(record);
  };
  while (!stopped.aborted && !discarded.aborted) {
    await Promise.all(links.filter((link) => !kept.has(link)).map(offer));
    if (kept.size >= quorum || clock.monotonicMs() >= untilMs) break;
    await clock.sleepUntil(clock.monotonicMs() + PUT_RETRY_MS, stopped);
  }
  const stamp = discarded.aborted ? undefined : outbid(record);
  if (stamp !== undefined) return deliver(parts, { ...record, stamp }, untilMs);
  const kind = kept.size >= quorum ? 'kept' : kept.size > 0 ? 'minority' : 'unheard';
  return { kind, acknowledged: kept.size, nodes: links.length, full: full.size };
}
