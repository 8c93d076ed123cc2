/** What a scheduler waits for before its first tick. */

import type { Clock } from '../contract/ports.js';
import type { Heartbeat } from '../members/heartbeat.js';
import type { ClusterClock } from '../time/cluster-clock.js';

/** How long the first answer of the store is waited for before ticks are contested without it. */
const FIRST_ANSWER_MS = 1_000;
const FIRST_BEATS_PERIOD_MS = 50;

/** Cluster time and membership come with the first answers; without them the first ticks would be guesses. */
export async function awaitFirstAnswer(
  { clock, clusterClock }: { readonly clock: Clock; readonly clusterClock: ClusterClock },
  heartbeat: Heartbeat,
  stopped: AbortSignal,
): Promise<void> {
  const giveUpMs = clock.monotonicMs() + FIRST_ANSWER_MS;
  await heartbeat.beat();
  while (!clusterClock.synchronised && clock.monotonicMs() < giveUpMs && !stopped.aborted) {
    await clock.sleepUntil(clock.monotonicMs() + FIRST_BEATS_PERIOD_MS, stopped);
    // A beat after the leave of a shutdown would make a ghost of this instance.
    if (!stopped.aborted) await heartbeat.beat();
  }
}
