/** Test kit: contexts for unit tests, and the real scheduler, alone or under a whole app, on a clock that a test moves. */

export type { Random } from '../protocol/contract/ports.js';
export {
  DistributedScheduleTestingModule,
  type ScheduleTestingOptions,
} from './distributed-schedule-testing.module.js';
export { ManualClock } from './manual-clock.js';
export { type JoinOptions, type Member, MemoryCluster, type MemoryClusterOptions } from './memory-cluster.js';
export { ScheduleHarness } from './schedule-harness.js';
export { SeededRandom } from './seeded-random.js';
export {
  DISTRIBUTED_SCHEDULE_OPTIONS,
  IDEMPOTENT_EXECUTION_OPTIONS,
  LOCK_PROVIDER,
  SCHEDULE_CLOCK,
  SCHEDULE_RANDOM,
  TICK_LEDGER,
} from './test.tokens.js';
export {
  createTickContext,
  runInTick,
  type TestTickContext,
  type TickContextOverrides,
} from './tick-context.factory.js';
export { type AwaitedTick, tickEnded } from './tick-reports.js';
