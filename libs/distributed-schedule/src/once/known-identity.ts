import type { Clock } from '../protocol/contract/ports.js';
import type { SnapshotStore } from './snapshot-store.js';

/**
 * An identity is trusted this long after the store was asked. A restored store may be answered from the cache for that time.
 */
export const IDENTITY_TRUST_MS = 5_000;

/** A store that takes longer to say which it is is not waited for: the cache is passed by. */
const IDENTIFY_WITHIN_MS = 1_000;

/** Which store this is, as far as it is known now. Asked again, beside the calls, while it is used. */
export class KnownIdentity {
  private known: { readonly identity: string; readonly untilMs: number } | undefined;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly store: Pick<SnapshotStore, 'identify'>,
    private readonly clock: Clock,
  ) {}

  /** Undefined where nobody can say. Never rejects. */
  async current(): Promise<string | undefined> {
    const leftMs = (this.known?.untilMs ?? 0) - this.clock.monotonicMs();
    if (this.known === undefined || leftMs < IDENTITY_TRUST_MS / 2) {
      const asking = this.ask();
      if (leftMs <= 0) await this.wait(asking);
    }
    return this.known !== undefined && this.known.untilMs > this.clock.monotonicMs()
      ? this.known.identity
      : undefined;
  }

  /** One at a time, however many wait for it: a store in trouble is not asked by each of them. */
  private ask(): Promise<void> {
    this.asking ??= this.askStore().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async askStore(): Promise<void> {
    // Before the question: an answer that is late must shorten trust, never stretch it.
    const untilMs = this.clock.monotonicMs() + IDENTITY_TRUST_MS;
    try {
      const reply = await this.store.identify?.();
      if (reply?.answered === true) this.known = { identity: reply.identity, untilMs };
    } catch {
      // Whatever the store has against it, the call that comes next will hear of it.
    }
  }

  private async wait(asking: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const bound = this.clock.sleepUntil(this.clock.monotonicMs() + IDENTIFY_WITHIN_MS, timer.signal);
    await Promise.race([asking, bound]);
    timer.abort();
  }
}
