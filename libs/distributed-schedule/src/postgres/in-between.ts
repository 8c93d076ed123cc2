import type { Snapshot } from '../once/snapshot-store.js';
import type { Clock } from '../protocol/contract/ports.js';

const US_PER_MS = 1_000;

/** A pending row that nobody has locked, and that is younger than this, is most likely between its two transactions. */
const IN_BETWEEN_MS = 200;

/** What one request sees, time and again, of a pending row that nobody has locked. */
export class InBetween {
  private seen: { readonly updatedAtUs: number; readonly sinceMs: number } | undefined;
  private readonly watchMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    lockWaitMs: number,
  ) {
    // It has to be over before the request gives up.
    this.watchMs = Math.min(IN_BETWEEN_MS, lockWaitMs / 2);
  }

  /**
   * Whether its attempt may go on. A row of the future is from before a set-back, of unknown age: it is watched for as
   * long.
   * @param nowUs by the server's clock
   */
  mayGoOn({ status, updatedAtUs }: Snapshot, nowUs: number): boolean {
    if (status !== 'pending') return false;
    const ageUs = nowUs - updatedAtUs;
    if (ageUs >= 0) return ageUs < IN_BETWEEN_MS * US_PER_MS;
    const nowMs = this.clock.monotonicMs();
    if (this.seen?.updatedAtUs !== updatedAtUs) this.seen = { updatedAtUs, sinceMs: nowMs };
    return nowMs - this.seen.sinceMs < this.watchMs;
  }
}
