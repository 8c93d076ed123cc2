/** A memory store whose answers a test takes away, and parts around it on a clock that the test moves. */

import { MemorySnapshotStore } from '#src/memory/memory-snapshot-store.js';
import type { OnceParts } from '#src/once/run-once.js';
import type {
  EndVerdict,
  ForgetReply,
  OpenAttempt,
  Snapshot,
  SnapshotCache,
  SnapshotStore,
} from '#src/once/snapshot-store.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { ManualClock } from '#src/testing/manual-clock.js';

export const TAKEOVER_MS = 60_000;
export const UNREACHABLE = { kind: 'unreachable', reason: 'ECONNREFUSED' } as const;

export class BrokenStore implements SnapshotStore<string> {
  readonly isTransactional = true;
  /** Monotonic instants of the calls. */
  readonly begins: number[] = [];
  readonly ends: EndVerdict['kind'][] = [];
  abandoned = 0;
  /** What the next calls answer, instead of what the store would. */
  nextBegins: (typeof UNREACHABLE)[] = [];
  nextEnds: EndVerdict[] = [];

  constructor(
    readonly inner: MemorySnapshotStore,
    private readonly clock: ManualClock,
  ) {}

  read(jobId: string): ReturnType<SnapshotStore['read']> {
    return this.inner.read(jobId);
  }

  async begin(start: Parameters<SnapshotStore['begin']>[0]): ReturnType<SnapshotStore<string>['begin']> {
    this.begins.push(this.clock.monotonicMs());
    const instead = this.nextBegins.shift();
    if (instead !== undefined) return instead;
    const verdict = await this.inner.begin(start);
    return verdict.kind === 'begun' ? { ...verdict, attempt: this.wrap(verdict.attempt) } : verdict;
  }

  isUndone(error: unknown): boolean {
    return error instanceof Error && error.message === 'serialisation failure';
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private wrap(attempt: OpenAttempt<undefined>): OpenAttempt<string> {
    const end = async (go: () => Promise<EndVerdict>): Promise<EndVerdict> => {
      const verdict = this.nextEnds.shift() ?? (await go());
      this.ends.push(verdict.kind);
      return verdict;
    };
    return {
      snapshot: attempt.snapshot,
      tx: 'transaction',
      succeed: (output) => end(() => attempt.succeed(output)),
      fail: (error) => end(() => attempt.fail(error)),
      abandon: async () => {
        this.abandoned += 1;
        // As a transaction that is rolled back: the next attempt need not wait for the bound.
        await attempt.fail('rolled back');
      },
    };
  }
}

/** Keeps what was published, unless the test has broken it. */
export class TestCache implements SnapshotCache {
  readonly published: Snapshot[] = [];
  isLost = false;

  async read(jobId: string): Promise<Snapshot | undefined> {
    return this.published.find((snapshot) => snapshot.jobId === jobId);
  }

  async publish(snapshot: Snapshot): Promise<void> {
    if (!this.isLost) this.published.push(snapshot);
  }

  async forget(jobId: string): Promise<ForgetReply> {
    const at = this.published.findIndex((snapshot) => snapshot.jobId === jobId);
    if (at >= 0) this.published.splice(at, 1);
    return { forgotten: true };
  }

  async close(): Promise<void> {}
}

export interface OnceStage {
  readonly clock: ManualClock;
  readonly store: BrokenStore;
  readonly cache: TestCache;
  readonly parts: OnceParts<string>;
}

export function onceStage(): OnceStage {
  const clock = new ManualClock();
  const inner = new MemorySnapshotStore({
    clock,
    takeoverMs: TAKEOVER_MS,
    mostSnapshots: 100,
    makeId: () => 'memory',
  });
  const store = new BrokenStore(inner, clock);
  const cache = new TestCache();
  let ids = 0;
  const random = {
    next: () => 1 - Number.EPSILON,
    id: () => {
      ids += 1;
      return `id-${ids}`;
    },
  };
  const parts = {
    ...{ clock, random, store, cache, digest: sha256Hex },
    ...{ patience: DEFAULT_PATIENCE, mostKeptChars: 100 },
  };
  return { clock, store, cache, parts };
}
