/** How what runs here has ended is written on the nodes: with the release of its lock, or alone where none follows soon. */

import type { Lease } from './lease.js';
import type { ScheduleObserver } from './observer.js';
import type { LockProvider, LockToRelease } from './ports.js';

/** Others must be able to tell what has ended from what dies with this instance, also while the lock goes on. Never rejects. */
export async function keepEnds(
  { locks, observer }: { readonly locks: LockProvider; readonly observer: ScheduleObserver },
  { claims }: Lease,
): Promise<void> {
  const ended = claims?.takeEnds();
  if (ended === undefined) return;
  try {
    await locks.keepEnds?.([ended]);
  } catch (error) {
    observer.observe({ type: 'error', error, where: 'lock provider: ends' });
  }
}

/** The lock, with what has ended under it. */
export function toRelease({ lock, claims }: Lease): LockToRelease {
  const ended = claims?.takeEnds();
  return { ...lock, ...(ended && { ended }) };
}
