import type { DistributedScheduleOptions, LockProvider, TickLedger } from 'nestjs-distributed-schedule';

const lockProvider: LockProvider = {
  tryAcquire: async (tasks) => tasks.map((task) => ({ kind: 'acquired', lock: { task, value: 'lock' } })),
  extend: async (locks) => locks.map(() => ({ kind: 'extended' })),
  release: async () => undefined,
};

const tickLedger: TickLedger = {
  claim: async (claims) => claims.map(() => ({ kind: 'won', votesOut: 1 })),
  giveBack: async () => undefined,
  peek: async (ticks) => ticks.map(() => ({ kind: 'open' })),
};

/**
 * A store that grants whatever it is asked, at once. The memory backend abstains for a moment after its start, as
 * every node does that may have forgotten, and these tests are about wiring.
 */
export const GENEROUS_STORE = { lockProvider, tickLedger } satisfies DistributedScheduleOptions;
