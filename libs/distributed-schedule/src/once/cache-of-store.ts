/**
 * Stores share caches (tenants, copies of a database, before and after a restore): each entry stands under job and identity
 * of its store.
 */

import type { Clock } from '../protocol/contract/ports.js';
import { cachedSuccess } from './cached-success.js';
import type { Digest } from './kept-value.js';
import { KnownIdentity } from './known-identity.js';
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

  /**
   * Publishes under the identity from when the call began: one asked for after the COMMIT could be that of a store which
   * has forgotten it.
   */
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
