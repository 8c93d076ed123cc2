/** Stores share caches (tenants, copies of a database): each entry stands under the job and the identity of its store. */

import type { Clock } from '../protocol/contract/ports.js';
import { cachedSuccess } from './cached-success.js';
import type { Digest } from './kept-value.js';
import type { ForgetReply, SnapshotCache, SnapshotStore } from './snapshot-store.js';

export interface CacheOfStoreParts {
  readonly store: Pick<SnapshotStore, 'identify'>;
  readonly cache: SnapshotCache;
  readonly clock: Clock;
  readonly digest: Digest;
}

/** As many as a job id has, in whose place the digits stand. */
const ENTRY_ID_CHARS = 32;

export class CacheOfStore {
  private readonly identity: KnownIdentity;

  constructor(private readonly parts: CacheOfStoreParts) {
    this.identity = new KnownIdentity(parts.store, parts.clock);
  }

  /** Under the identity from when the call began: after the COMMIT it could be that of a store which has forgotten it. */
  forCall(): Pick<SnapshotCache, 'read' | 'publish'> {
    const { cache } = this.parts;
    let identity: string | undefined;
    return {
      read: async (jobId) => {
        identity = await this.identity.current();
        if (identity === undefined) return undefined;
        const entryId = this.entryId(identity, jobId);
        const found = cachedSuccess(await cache.read(entryId).catch(() => undefined), entryId);
        return found === undefined ? undefined : { ...found, jobId };
      },
      publish: async (snapshot) => {
        if (identity === undefined) return;
        const entry = { ...snapshot, jobId: this.entryId(identity, snapshot.jobId) };
        await cache.publish(entry).catch(() => undefined);
      },
    };
  }

  async forget(jobId: string): Promise<ForgetReply> {
    const identity = await this.identity.current();
    if (identity === undefined) return { forgotten: false, reason: 'the store does not say which it is' };
    return this.parts.cache.forget(this.entryId(identity, jobId));
  }

  close(): Promise<void> {
    return this.parts.cache.close();
  }

  private entryId(identity: string, jobId: string): string {
    return this.parts.digest(`${jobId} ${identity}`).slice(0, ENTRY_ID_CHARS);
  }
}

/** For this long after the question a restored store may still be answered from the cache. */
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
