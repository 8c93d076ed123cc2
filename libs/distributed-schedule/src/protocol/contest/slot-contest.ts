/** The contest for the ticks of a slot: all at once, but for those whose task runs here when they are bid for early. */

import type { DueTick } from '../contract/due-tick.js';
import type { RunParts } from '../run/run-parts.js';
import { contestTicks } from './contest.js';

/**
 * Takes part in the contest for these ticks. Resolves when the last of them has ended.
 * @param bidMs when the first in rank bids, in cluster time: at most MAX_LEAD_MS before the last of them
 */
export async function contestSlot(parts: RunParts, bidMs: number, dues: readonly DueTick[]): Promise<void> {
  const { chains, options, stopped, clusterClock } = parts;
  const ticks = dues.map(({ tick }) => tick);
  const last = Math.max(...ticks);
  const names = dues.map(({ task }) => task.name);
  const isOneInstant = ticks.every((tick) => tick === last);
  const slot = { ticks: dues.length, standby: isOneInstant ? { tick: last, tasks: names } : undefined };
  // Whether a tick waits for a run is decided as late as ever: with a long lead that run may have ended when the tick comes.
  const isEarly = ({ tick }: DueTick): boolean => tick - bidMs > options.bidLeadMs;
  const busy = new Set(dues.filter((due) => isEarly(due) && chains.of(due.task.name) !== undefined));
  const free = busy.size === 0 ? dues : dues.filter((due) => !busy.has(due));
  const later = async (tick: number): Promise<void> => {
    await clusterClock.sleepUntil(tick - options.bidLeadMs, stopped);
    const those = [...busy].filter((due) => due.tick === tick);
    await contestTicks(parts, { tick, leadMs: options.bidLeadMs }, slot, those);
  };
  await Promise.all([
    contestTicks(parts, { tick: last, leadMs: last - bidMs }, slot, free),
    ...[...new Set([...busy].map(({ tick }) => tick))].map(later),
  ]);
}
