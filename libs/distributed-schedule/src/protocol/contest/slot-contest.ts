/** The contest for the ticks of a slot: all at once, but for those whose task runs here when they are bid for early. */

import type { DueTick } from '../contract/due-tick.js';
import type { RunParts } from '../run/run-parts.js';
import { contestTicks } from './contest.js';

/** Takes part in the contest for these ticks, the first of them due at `tick`. Resolves when the last of them has ended. */
export async function contestSlot(
  parts: RunParts,
  { tick: first, leadMs }: { readonly tick: number; readonly leadMs: number },
  dues: readonly DueTick[],
): Promise<void> {
  const { chains, options, stopped, clusterClock } = parts;
  const last = dues.reduce((latest, { tick }) => Math.max(latest, tick), first);
  const names = dues.map(({ task }) => task.name);
  const slot = { ticks: dues.length, standby: last === first ? { tick: last, tasks: names } : undefined };
  // Whether a tick waits for a run is decided as late as ever: with a long lead that run may have ended when the tick comes.
  const isEarly = ({ tick }: DueTick): boolean => tick - (first - leadMs) > options.bidLeadMs;
  const busy = new Set(dues.filter((due) => isEarly(due) && chains.of(due.task.name) !== undefined));
  const free = busy.size === 0 ? dues : dues.filter((due) => !busy.has(due));
  const later = async (tick: number): Promise<void> => {
    await clusterClock.sleepUntil(tick - options.bidLeadMs, stopped);
    const those = [...busy].filter((due) => due.tick === tick);
    await contestTicks(parts, { tick, last: tick, leadMs: options.bidLeadMs }, slot, those);
  };
  await Promise.all([
    contestTicks(parts, { tick: first, last, leadMs }, slot, free),
    ...[...new Set([...busy].map(({ tick }) => tick))].map(later),
  ]);
}
