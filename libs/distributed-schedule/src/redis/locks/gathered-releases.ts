/** Releases that leave together: runs of jittered tasks end one by one, and would cost a message each. */

import type { Clock } from '../../protocol/contract/ports.js';
import type { LockRound } from './lock-round.js';

/** Between two such messages, ms. Longer, and a lock that nobody needs any more would cost its task the next tick. */
const GATHER_MS = 20;

export class GatheredReleases {
  private waiting: { readonly rounds: LockRound[]; readonly left: Promise<void> } | undefined;
  private send: () => void = () => {};
  /** When the last ones left; monotonic. */
  private leftMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
    private readonly release: (rounds: readonly LockRound[]) => Promise<void>,
  ) {}

  /** Resolves when they have been sent and answered, or will not be. */
  add(rounds: readonly LockRound[]): Promise<void> {
    if (rounds.length === 0) return Promise.resolve();
    this.waiting ??= this.begin();
    this.waiting.rounds.push(...rounds);
    return this.waiting.left;
  }

  /** Before a message that may ask for one of these locks. */
  leaveNow(): void {
    if (this.waiting !== undefined) this.send();
  }

  private begin(): { readonly rounds: LockRound[]; readonly left: Promise<void> } {
    const rounds: LockRound[] = [];
    const left = new Promise<void>((resolve) => {
      const send = (): void => {
        if (this.send !== send) return;
        this.send = () => {};
        this.waiting = undefined;
        this.leftMs = this.clock.monotonicMs();
        resolve(this.release(rounds));
      };
      this.send = send;
      void this.untilItsTime().then(send);
    });
    return { rounds, left };
  }

  /** The first one leaves at once. Not in a microtask: handlers that end at the same moment each end in a microtask of their own. */
  private async untilItsTime(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const atMs = this.leftMs + GATHER_MS;
    if (this.clock.monotonicMs() < atMs) await this.clock.sleepUntil(atMs);
  }
}
