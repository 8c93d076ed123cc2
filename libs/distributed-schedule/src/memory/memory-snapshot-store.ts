/** Snapshots within one process: for tests, and the model that the other stores are held equal to by one suite. */

import { ageCountsFromUs, decideBegin, nextUpdateUs, pendingSnapshot } from '../once/begin-rule.js';
import type {
  BeginVerdict,
  EndVerdict,
  IdentityReply,
  JobStart,
  KeptValue,
  OpenAttempt,
  Snapshot,
  SnapshotReply,
  SnapshotSource,
  SnapshotStore,
} from '../once/snapshot-store.js';
import type { Clock } from '../protocol/contract/ports.js';

const US_PER_MS = 1_000;

export interface MemorySnapshotSettings {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** A pending attempt that began longer ago is taken for dead. */
  readonly takeoverMs: number;
  /** The oldest successes and failures beyond this number are forgotten. */
  readonly mostSnapshots: number;
  /** Random: the snapshots are those of this process. */
  readonly makeId: () => string;
}

export class MemorySnapshotStore implements SnapshotStore<undefined> {
  readonly isTransactional = false;
  private readonly snapshots = new Map<string, Snapshot>();
  private identity: string | undefined;
  /** By job that is pending, from when the age of its attempt counts, microseconds. */
  private readonly since = new Map<string, number>();

  constructor(private readonly settings: MemorySnapshotSettings) {}

  async read(jobId: string): Promise<SnapshotReply> {
    return { answered: true, snapshot: this.snapshots.get(jobId) };
  }

  async begin(start: JobStart): Promise<BeginVerdict<undefined>> {
    const before = this.snapshots.get(start.jobId);
    const nowUs = this.nowUs();
    const takeoverUs = this.settings.takeoverMs * US_PER_MS;
    const sinceUs = this.sinceUs(before, nowUs);
    const decision = decideBegin(before, start, { nowUs, takeoverUs, sinceUs });
    if (decision !== 'begin' && before !== undefined) return { kind: decision, snapshot: before };
    const snapshot = pendingSnapshot(before, start, nowUs);
    this.write(snapshot);
    this.since.set(snapshot.jobId, nowUs);
    return { kind: 'begun', attempt: this.attemptOf(snapshot) };
  }

  async identify(): Promise<IdentityReply> {
    this.identity ??= this.settings.makeId();
    return { answered: true, identity: this.identity };
  }

  isUndone(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.snapshots.clear();
    this.since.clear();
  }

  private attemptOf(pending: Snapshot): OpenAttempt<undefined> {
    return {
      snapshot: pending,
      tx: undefined,
      succeed: async (output: KeptValue) => this.end(pending, { status: 'success', output }),
      fail: async (error: string) => this.end(pending, { status: 'failed', error }),
      abandon: async () => undefined,
    };
  }

  private end(pending: Snapshot, ending: Pick<Snapshot, 'status' | 'output' | 'error'>): EndVerdict {
    const now = this.snapshots.get(pending.jobId);
    if (now?.begunAtUs !== pending.begunAtUs)
      return { kind: 'superseded', ...(now === undefined ? {} : { snapshot: now }) };
    // A repetition of what was written before.
    if (now.status !== 'pending') return { kind: 'written', snapshot: now };
    const snapshot = { ...now, ...ending, updatedAtUs: nextUpdateUs(now, this.nowUs()) };
    this.write(snapshot);
    this.since.delete(snapshot.jobId);
    return { kind: 'written', snapshot };
  }

  private write(snapshot: Snapshot): void {
    // Anew, so that the map's order is that of the last changes.
    this.snapshots.delete(snapshot.jobId);
    this.snapshots.set(snapshot.jobId, snapshot);
    if (this.snapshots.size <= this.settings.mostSnapshots) return;
    for (const [jobId, { status }] of this.snapshots) {
      if (status === 'pending') continue;
      this.snapshots.delete(jobId);
      return;
    }
  }

  private sinceUs(pending: Snapshot | undefined, nowUs: number): number | undefined {
    const known = pending?.status === 'pending' ? this.since.get(pending.jobId) : undefined;
    if (pending === undefined || known === undefined) return undefined;
    const sinceUs = ageCountsFromUs(known, nowUs);
    this.since.set(pending.jobId, sinceUs);
    return sinceUs;
  }

  private nowUs(): number {
    return Math.floor(this.settings.clock.wallMs() * US_PER_MS);
  }
}

/** Snapshots that die with the process, for tests. `takeoverMs` as in the other stores; default 60000. */
export function memorySnapshots({
  takeoverMs = 60_000,
  mostSnapshots = 10_000,
}: {
  readonly takeoverMs?: number;
  readonly mostSnapshots?: number;
} = {}): SnapshotSource<undefined> {
  return {
    isLocal: true,
    open: ({ clock, random }) =>
      new MemorySnapshotStore({ clock, takeoverMs, mostSnapshots, makeId: () => random.id() }),
  };
}
