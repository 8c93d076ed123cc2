import { MemorySnapshotStore } from '#src/memory/memory-snapshot-store.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { describeSnapshotStore } from './snapshot-store.suite.js';

const TAKEOVER_MS = 60_000;

describeSnapshotStore('in memory', async () => {
  const clock = new ManualClock();
  const store = new MemorySnapshotStore({
    clock,
    takeoverMs: TAKEOVER_MS,
    mostSnapshots: 100,
    makeId: () => 'memory',
  });
  return {
    mine: store,
    yours: store,
    crash: async () => undefined,
    passTakeover: async () => clock.jump(TAKEOVER_MS),
    close: () => store.close(),
  };
});
