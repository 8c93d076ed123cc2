import type { Lease } from '../lease/lease.js';
import type { RunParts } from './run-parts.js';

/** Until a given-up lease runs out, its handler returns, or we stop. `goes_on`: the handler does, so the lock must not be released. */
export async function untilLeaseIsOver(
  { clock, stopped }: Pick<RunParts, 'clock' | 'stopped'>,
  lease: Lease,
  /** Aborts when the handler has returned. */
  returned: AbortSignal,
): Promise<'over' | 'goes_on'> {
  const woken = new AbortController();
  const wake = (): void => woken.abort('woken');
  for (const signal of [returned, stopped]) signal.addEventListener('abort', wake, { once: true });
  const goesOn = (): boolean => !returned.aborted && lease.isTrusted();
  // A renewal that was on its way may have moved the end.
  while (goesOn() && !stopped.aborted) await clock.sleepUntil(lease.trustedUntilMs, woken.signal);
  for (const signal of [returned, stopped]) signal.removeEventListener('abort', wake);
  const lock = goesOn() ? 'goes_on' : 'over';
  lease.lose('its run was given up');
  return lock;
}
