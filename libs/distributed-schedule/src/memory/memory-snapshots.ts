import type { SnapshotSource } from '../once/snapshot-store.js';
import { MemorySnapshotStore } from './memory-snapshot-store.js';

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
