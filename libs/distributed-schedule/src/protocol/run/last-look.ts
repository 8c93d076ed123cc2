/** The last look at a won tick, before the point of no return. Step 6. */

import type { LockedTick } from '../bid/locked-tick.js';
import { type ClockReading, elapsedMs, readClocks } from '../time/clock-reading.js';
import type { RunParts } from './run-parts.js';
import type { Ending } from './tick-end.js';

/** How late a tick is, counted since `bidAt`. By both clocks, as a suspended machine stops the cluster clock. */
export function latenessSince(
  { clock, clusterClock }: Pick<RunParts, 'clock' | 'clusterClock'>,
  bidAt: { readonly askedAt: ClockReading; readonly clusterMs: number },
  tick: number,
): () => number {
  return () =>
    Math.max(clusterClock.nowMs(), bidAt.clusterMs + elapsedMs(bidAt.askedAt, readClocks(clock))) - tick;
}

/** Why a won tick is not started after all; undefined where it starts. */
export function whyNotStarted(
  parts: Pick<RunParts, 'keeper' | 'isAbandoned'>,
  { due, lease }: Pick<LockedTick, 'due' | 'lease'>,
  lateMs: number,
): Ending | undefined {
  parts.keeper.doubtIfPresenceLost(lease);
  if (lateMs > due.maxLatenessMs) {
    return { outcome: 'misfire', detail: `${Math.round(lateMs)} ms late, limit ${due.maxLatenessMs} ms` };
  }
  if (parts.isAbandoned()) return { outcome: 'stopped', detail: 'the shutdown did not wait for it' };
  if (!lease.isTrusted()) return { outcome: 'no_quorum', detail: 'the lease ran out before the start' };
  return undefined;
}
