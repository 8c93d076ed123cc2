/** The only door of the library, beside its subpaths `/terminus` and `/testing`. */

export { CronExclusive } from './nest/cron-exclusive.decorator.js';
export { currentTick, tryCurrentTick } from './nest/current-tick.js';
export { DistributedScheduleModule } from './nest/distributed-schedule.module.js';
export { DistributedScheduleRegistry, type StoreStatus } from './nest/distributed-schedule.registry.js';
export type {
  DistributedScheduleAsyncOptions,
  DistributedScheduleOptions,
  DistributedScheduleOptionsFactory,
} from './nest/distributed-schedule-options.js';
export { EverySecondExclusive } from './nest/every-second-exclusive.decorator.js';
export { Exclusive } from './nest/exclusive.decorator.js';
export type { ExclusiveMethodDecorator } from './nest/exclusive-method.decorator.js';
export type { CronExclusiveOptions, ExclusiveTaskOptions } from './nest/exclusive-task-options.js';
export { IntervalExclusive } from './nest/interval-exclusive.decorator.js';
export { LeaseRenewalService, type LeaseStatus, type TrustChange } from './nest/lease-renewal.service.js';
export type { StoreNodeStatus, StoreStrength } from './nest/schedule-backend.js';
export type { RetryOptions, TaskPolicyOptions } from './nest/task-policy-options.js';
export { DistributedScheduleError, ERROR_CODES, type ErrorCode, LeaseLostError } from './protocol/errors.js';
export type { ScheduleEvent, ScheduleObserver } from './protocol/observer.js';
export { OUTCOMES, type Outcome, type TickReport } from './protocol/outcome.js';
export type {
  BeatVerdict,
  Claim,
  ClaimVerdict,
  Clock,
  ExtendVerdict,
  HeldLock,
  LockProvider,
  LockVerdict,
  Membership,
  PeekVerdict,
  TickLedger,
  TickRef,
} from './protocol/ports.js';
export type { SchedulerState, SchedulerStatus } from './protocol/scheduler-parts.js';
export type { TaskStatus, TickContext } from './protocol/tick-context.js';
export type { RedisClient, RedisInput } from './redis/redis-input.js';
