/** What comes after an attempt that was doomed: the next one at the same job. */

import type { OnceResult } from '#src/once/once-result.js';
import { runOnce } from '#src/once/run-once.js';
import type { Snapshot, SnapshotStore } from '#src/once/snapshot-store.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { FIRST_TOKEN } from './doomed-plan.js';

/** Per point: what is left behind, what the next attempt does, and how often the effect was applied. Docs: docs/idempotence.md. */
export type Aftermath = readonly [left: readonly string[], next: readonly string[], effects: number];

export const platform = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'doomed' };

let jobs = 0;

export function newJobId(): string {
  jobs += 1;
  return sha256Hex(`job ${jobs}`).slice(0, 32);
}

/** With a larger token, as a retake makes it. */
export function attempt<Tx>(
  store: SnapshotStore<Tx>,
  jobId: string,
  effect: (tx: Tx) => Promise<number>,
  fencingToken = FIRST_TOKEN + 1,
): Promise<OnceResult<number>> {
  const parts = { ...platform, store, patience: DEFAULT_PATIENCE, digest: sha256Hex, mostKeptChars: 1_000 };
  return runOnce(parts, { jobId, fencingToken }, effect);
}

export async function statusOf(store: SnapshotStore, jobId: string): Promise<Snapshot['status'] | 'nothing'> {
  const reply = await store.read(jobId);
  if (!reply.answered) throw new Error(reply.reason);
  return reply.snapshot?.status ?? 'nothing';
}
